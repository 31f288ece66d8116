// What only a person at a terminal meets: questions, and the Tab key.
import { strict as assert } from 'node:assert'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listed } from '../support/attachments.ts'
import { testBridge } from '../support/bridge.ts'
import { container } from '../support/containers.ts'
import { ok, PROGRAM } from '../support/ovsd.ts'
import { terminal } from '../support/terminal.ts'

/** A folder with ovsd in it, for PATH. */
function onPath(): { path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-path-'))
  writeFileSync(join(folder, 'ovsd'), `#!/bin/sh\nexec ${PROGRAM.join(' ')} "$@"\n`, { mode: 0o755 })
  return { path: `${folder}:${process.env['PATH'] ?? ''}`, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

describe('at a terminal', () => {
  it('missing arguments are asked for, from the bridges and containers that there are', async () => {
    using program = onPath()
    using bridge = testBridge()
    using one = container()
    using screen = terminal({ PATH: program.path })
    screen.type('ovsd add-port', 'Enter')
    await screen.sees(new RegExp(`BRIDGE\\?[\\s\\S]*${bridge.name}`))
    screen.type('Enter')
    await screen.sees(/INTERFACE\?/)
    screen.type('eth1', 'Enter')
    await screen.sees(new RegExp(`CONTAINER\\?[\\s\\S]*${one.name}`))
    screen.type('Enter')
    await screen.sees(/eth1 of .* attached to/)
    assert.equal(listed(`--bridge=${bridge.name}`)[0]?.state, 'ok')
  })

  it('Ctrl-C at a question ends with 130 and changes nothing', async () => {
    using program = onPath()
    using bridge = testBridge()
    using screen = terminal({ PATH: program.path })
    screen.type('ovsd add-port; echo status=$?', 'Enter')
    await screen.sees(new RegExp(`BRIDGE\\?[\\s\\S]*${bridge.name}`))
    screen.type('C-c')
    const text = await screen.sees(/status=\d+/)
    assert.match(text, /status=130/)
    assert.doesNotMatch(text, /Unexpected|ExitPrompt|report/)
  })

  it('Tab completes commands, options, bridges and containers', async () => {
    using program = onPath()
    using bridge = testBridge()
    using one = container()
    ok('add-port', bridge.name, 'eth4', one.name)
    using screen = terminal({ PATH: program.path })
    screen.type('source <(ovsd completion bash); clear', 'Enter')
    await screen.sees(/^bash\S* *\n/)
    screen.type('ovsd set-v', 'Tab')
    await screen.sees(/ovsd set-vlan$/m)
    screen.type(bridge.name.slice(0, 2), 'Tab')
    await screen.sees(new RegExp(`set-vlan ${bridge.name}$`, 'm'))
    screen.type('Tab')
    await screen.sees(new RegExp(`${bridge.name} eth4$`, 'm'))
    screen.type('Tab')
    await screen.sees(new RegExp(`eth4 ${one.name}$`, 'm'))
    screen.type('--nat', 'Tab')
    await screen.sees(/--native-vlan=/)
  })
})
