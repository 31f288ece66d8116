// The first script of the single executable: runs the program with the code cache that came with it. Node's own way
// (useCodeCache for the program itself) keeps only functions that are compiled at load, and is 10 ms slower.
'use strict'
const { getRawAsset } = require('node:sea')
const { Script } = require('node:vm')

const code = Buffer.from(getRawAsset('code')).latin1Slice()
const script = new Script(code, { filename: 'ovsd.cjs', cachedData: Buffer.from(getRawAsset('cache')) })
const program = { exports: {} }
script.runInThisContext()(program.exports, require, program, process.execPath, '/')
