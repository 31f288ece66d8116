#!/usr/bin/env node
// Starts the program as the npm package installs it. JavaScript of 2009 down to the last line, because whatever Node there is
// reads this before it can be told that it is too old.
'use strict'
var path = require('path')

var problem = require('./check-node.cjs')(require('../package.json').engines.node, process.versions.node)
if (problem) {
  console.error(problem)
  process.exit(1)
}

// Compiled code is kept beside the program: whoever can write there could change the program itself. (Node's own choice is a
// folder in /tmp, which is no place for code that root will run.) Where it can't be written, each start compiles.
require('module').enableCompileCache(path.join(__dirname, '../dist/.cache'))
require('../dist/ovsd.cjs')
