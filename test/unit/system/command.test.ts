import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { shellLine, toolsOf, type Command } from '../../../src/lib/system/command.ts'
import { NETNS } from '../../support/samples.ts'
import { temporaryFolder } from '../../support/socket-server.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

describe('shellLine', () => {
  const cases: readonly (readonly [string, Command])[] = [
    ['ip link show', { tool: 'ip', args: ['link', 'show'] }],
    ["ip ''", { tool: 'ip', args: [''] }],
    [`ip 'a b' 'it'\\''s'`, { tool: 'ip', args: ['a b', "it's"] }],
    [`ovs-vsctl 'external_ids:a="3f"'`, { tool: 'ovs-vsctl', args: ['external_ids:a="3f"'] }],
    ['nsenter --net=/proc/4711/ns/net ip -j addr', { tool: 'ip', args: ['-j', 'addr'], inside: NETNS }],
    [
      "ip -batch - <<'EOF'\nlink add\nlink del\nEOF",
      { tool: 'ip', args: ['-batch', '-'], input: 'link add\nlink del\n' },
    ],
  ]
  for (const [line, command] of cases)
    it(line.replaceAll('\n', '⏎'), () => {
      assert.equal(shellLine(command), line)
    })

  // Arguments of every printable kind, and the ones that shells make something of.
  const odd = [
    '',
    ' ',
    '\t',
    '\n',
    "'",
    "''",
    '"',
    '\\',
    '\\\\',
    '$HOME',
    '$(id)',
    '`id`',
    '*',
    '?',
    '[a]',
    '~',
    '~root',
    '{a,b}',
  ]
  const more = [
    '#',
    '!',
    '!!',
    '&',
    ';',
    '|',
    '>',
    '<',
    '(',
    ')',
    '--',
    '-n',
    '=',
    'a=b',
    '%s',
    '%',
    'a\'b"c',
    'ünï',
    '眼',
    '\u0001',
    '\u007F',
  ]
  const ascii = Array.from({ length: 127 }, (_, i) => `x${String.fromCharCode(i + 1)}y`)

  it('is what sh takes apart into the same arguments', () => {
    using folder = temporaryFolder()
    const args = [...odd, ...more, ...ascii, [...odd, ...more].join('')]
    // `ip` is a script here that prints its arguments, so that the line can be run as it stands.
    writeFileSync(join(folder.path, 'ip'), '#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done\n', { mode: 0o755 })
    const env = { PATH: `${folder.path}:/usr/bin:/bin`, LC_ALL: 'C' }
    const printed = execFileSync('sh', ['-c', shellLine({ tool: 'ip', args })], { env, encoding: 'utf8' })
    assert.deepEqual(printed.split('\0').slice(0, -1), args)
  })

  it('hands over the input as it is', () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'ip'), '#!/bin/sh\nexec cat\n', { mode: 0o755 })
    const input = 'link add "x" $HOME `id` \\\n\n  it\'s\n'
    const line = shellLine({ tool: 'ip', args: ['-batch', '-'], input })
    const env = { PATH: `${folder.path}:/usr/bin:/bin` }
    assert.equal(execFileSync('sh', ['-c', line], { env, encoding: 'utf8' }), input)
  })
})

describe('toolsOf', () => {
  it('adds nsenter for a command inside a namespace', () => {
    assert.deepEqual(toolsOf({ tool: 'ip', args: [] }), ['ip'])
    assert.deepEqual(toolsOf({ tool: 'ip', args: [], mentions: NETNS }), ['ip'])
    assert.deepEqual(toolsOf({ tool: 'ethtool', args: [], inside: NETNS }), ['nsenter', 'ethtool'])
  })
})
