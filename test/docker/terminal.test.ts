// What only a person at a terminal meets: questions, and the Tab key.
import { strict as assert } from 'node:assert'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listed } from '../support/attachments.ts'
import { testBridge } from '../support/bridge.ts'
import { container } from '../support/containers.ts'
import { ok, PROGRAM } from '../support/ovsd.ts'
import { terminal, type Terminal } from '../support/terminal.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'

/** A folder with ovsd in it, for PATH. */
function onPath(): { folder: string; path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-path-'))
  writeFileSync(join(folder, 'ovsd'), `#!/bin/sh\nexec ${PROGRAM.join(' ')} "$@"\n`, { mode: 0o755 })
  const path = `${folder}:${process.env['PATH'] ?? ''}`
  return { folder, path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

/** Has the first question of `ovsd net create` shown, and gives the number of the process that shows it. */
async function asking(screen: Terminal, folder: string): Promise<number> {
  const noted = join(folder, 'pid')
  screen.type(`sh -c 'echo $$ >${noted}; exec ovsd net create'; echo status=$?`, 'Enter')
  await screen.sees(/Name of the network\?/)
  return Number(readFileSync(noted, 'utf8'))
}

/** Nothing is left of a process, or nothing but its status, which nobody asked for yet. */
function isGone(pid: number): boolean {
  const file = `/proc/${String(pid)}/stat`
  return !existsSync(file) || readFileSync(file, 'utf8').includes(') Z ')
}

/** The person goes on typing as before ovsd was started: what is typed is shown, and read by the line. */
async function isInOrder(screen: Terminal): Promise<void> {
  screen.type('clear; sh -c "stty -a; echo done"', 'Enter')
  assert.match(await screen.sees(/^done$/m), /[^-]icanon[\s\S]*[^-]echo /)
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

  it('net create without a name asks, shows the plan and the same without questions, and then does it', async () => {
    using program = onPath()
    using screen = terminal({ PATH: program.path })
    screen.type('ovsd net create', 'Enter')
    await screen.sees(/Name of the network\?/)
    screen.type('a b', 'Enter')
    await screen.sees(/is not a name of 1 to 63 letters/)
    screen.type('C-u')
    screen.type('blue', 'Enter')
    await screen.sees(/Its bridge\?[\s\S]*ovsbr0/)
    screen.type('Enter')
    await screen.sees(/What connects it to the world\?/)
    screen.type('Down', 'Down', 'Enter')
    await screen.sees(/Its subnet\?/)
    screen.type('10.7.0.1/24', 'Enter')
    await screen.sees(/has bits set behind its prefix/)
    screen.type('C-u')
    screen.type('10.7.0.0/24', 'Enter')
    await screen.sees(/Default route of its containers\?/)
    screen.type('Enter')
    await screen.sees(/Whose is it\?/)
    screen.type('acme', 'Enter')
    await screen.sees(/Its VLAN\? \(one of its own\)/)
    screen.type('4095', 'Enter')
    await screen.sees(/is not a VLAN|1 to 4094/)
    screen.type('C-u')
    screen.type('Enter')
    const line = 'ovsd net create blue --bridge=ovsbr0 --mode=l2 --subnet=10.7.0.0/24 --tenant=acme'
    const shown = await screen.sees(/Create it\?/)
    assert.ok(shown.includes(`  ${line}\n`) && /ovs-vsctl .*add-br ovsbr0/.test(shown), shown)
    assert.equal(tool('ovs-vsctl', 'list-br'), '')
    screen.type('y', 'Enter')
    await screen.sees(/blue created on ovsbr0: l2, VLAN 2, 10\.7\.0\.0\/24, bridge created/)
    ok('net', 'rm', 'blue')
    screen.type('clear; ovsd net create; echo status=$?', 'Enter')
    // At the top of the screen: further down it may be the one from before, and nothing runs yet that Ctrl-C could end.
    await screen.sees(/^\s*\? Name of the network\?/)
    screen.type('C-c')
    await screen.sees(/status=130/)
    assert.equal(tool('ovs-vsctl', 'list-br'), '')
  })

  it('each step is shown once where the answer goes into a pipe', async () => {
    using program = onPath()
    using screen = terminal({ PATH: program.path })
    screen.type('ovsd net create green --bridge=bt7 --mode=l2 | cat', 'Enter')
    const shown = await screen.sees(/green created on bt7/)
    assert.equal(shown.split('Create bridge bt7').length, 2, shown)
    ok('net', 'rm', 'green')
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

  for (const [line, question] of [
    ['net create', /Name of the network\?/],
    ['net connect', /NETWORK\?/],
    ['add-port', /BRIDGE\?[\s\S]*another/],
  ] as const)
    it(`Ctrl-D at a question of ${line} ends it as Ctrl-C does`, async () => {
      using program = onPath()
      using _bridge = testBridge()
      using screen = terminal({ PATH: program.path })
      const before = tool('ovs-vsctl', 'list-br')
      screen.type(`ovsd ${line}; echo status=$?`, 'Enter')
      await screen.sees(question)
      screen.type('C-d')
      const text = await screen.sees(/status=\d+/)
      assert.match(text, /Interrupted by SIGINT[\s\S]*status=130/)
      assert.doesNotMatch(text, /Unexpected|PromptError|report/)
      assert.equal(tool('ovs-vsctl', 'list-br'), before)
      await isInOrder(screen)
    })

  it('Ctrl-D ends no question that has letters, and Ctrl-Z and fg do not end one', async () => {
    using program = onPath()
    using screen = terminal({ PATH: program.path })
    await asking(screen, program.folder)
    screen.type('gree', 'C-d')
    screen.type('C-z')
    await screen.sees(/Stopped/)
    screen.type('clear; fg; echo status=$?', 'Enter')
    await screen.sees(/^sh -c .*exec ovsd net create/m)
    screen.type('n', 'Enter')
    await screen.sees(/green[\s\S]*Its bridge\?/)
    screen.type('C-c')
    await screen.sees(/status=130/)
  })

  for (const [signal, status] of [
    ['SIGHUP', 129],
    ['SIGTERM', 143],
  ] as const)
    it(`${signal} ends a question`, async () => {
      using program = onPath()
      using screen = terminal({ PATH: program.path })
      process.kill(await asking(screen, program.folder), signal)
      assert.match(await screen.sees(/status=\d+/), new RegExp(`status=${String(status)}`))
      await isInOrder(screen)
    })

  it('nothing stays behind when the terminal is closed at a question', async () => {
    using program = onPath()
    const screen = terminal({ PATH: program.path })
    let pid: number
    try {
      pid = await asking(screen, program.folder)
    } finally {
      screen[Symbol.dispose]()
    }
    await until(() => isGone(pid), 'the end of ovsd')
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
