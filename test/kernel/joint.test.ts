// Commands that share processes, with the real tools: what is done is the same, and the processes are few.
import { strict as assert } from 'node:assert'
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandFailed } from '../../src/lib/errors.ts'
import { NO_VLAN } from '../../src/lib/net/vlan.ts'
import { Vsctl } from '../../src/lib/ovs/vsctl.ts'
import type { Command } from '../../src/lib/system/command.ts'
import { jointRunner } from '../../src/lib/system/joint/joint-runner.ts'
import { openNetns, type Netns } from '../../src/lib/system/netns.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { testBridge } from '../support/bridge.ts'
import { bareNamespace } from '../support/namespace.ts'
import { tool, toolIn } from '../support/tool.ts'

const MANY = 20
/** The one in the middle that gets in the way. */
const ODD = 11

/** The real runner, joined, and the tools that it started. */
function countedRunner(): { readonly joint: Runner; readonly started: string[] } {
  const started: string[] = []
  const joint = jointRunner((command, signal) => {
    started.push(command.tool)
    return run(command, signal)
  })
  return { joint, started }
}

/** Waits for all; undefined for each that was done. */
async function failures(running: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
  const answers = await Promise.allSettled(running)
  return answers.map((answer) => (answer.status === 'fulfilled' ? undefined : (answer.reason as unknown)))
}

/** Asserts that only the odd one failed, and gives its error. */
function onlyOdd(errors: readonly unknown[]): CommandFailed {
  for (const [i, error] of errors.entries()) if (i !== ODD) assert.equal(error, undefined)
  const error = errors[ODD]
  assert.ok(error instanceof CommandFailed)
  assert.equal(error.unknown, false)
  return error
}

const openDescriptors = (): number => readdirSync('/proc/self/fd').length

/** How many processes live in a namespace. */
function inhabitants({ inode }: Netns): number {
  const own = (pid: string): string => {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`)
    } catch {
      return ''
    }
  }
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && own(pid) === `net:[${inode}]`).length
}

const batch = (lines: readonly string[], more: Partial<Command>): Command => ({
  tool: 'ip',
  args: ['-batch', '-'],
  input: `${lines.join('\n')}\n`,
  ...more,
})

const link = (i: number): string => `j${i}`

const veth = (netns: Netns, i: number): Command =>
  batch([`link add ${link(i)} type veth peer name eth1 netns ${netns.path}`, `link set dev ${link(i)} up`], {
    mentions: netns,
    joint: 'batch',
  })

describe('the joint runner', () => {
  let stack: DisposableStack
  let spaces: readonly Netns[]
  let before: number

  beforeEach(async () => {
    // The first process that Node starts opens a descriptor for good.
    await run({ tool: 'ip', args: ['-V'] })
    stack = new DisposableStack()
    spaces = Array.from({ length: MANY }, () => {
      const { path } = stack.use(bareNamespace())
      return stack.use(openNetns(path, path))
    })
    before = openDescriptors()
  })

  afterEach(() => {
    // A link goes with the namespace of its other end, but not at once.
    for (const i of spaces.keys()) if (exists(link(i))) tool('ip', 'link', 'del', link(i))
    stack.dispose()
  })

  const exists = (name: string): boolean => readdirSync('/sys/class/net').includes(name)

  it('creates links for all but the one whose name is taken, with two processes', async () => {
    toolIn(spaces[ODD]?.path ?? '', 'ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'other')
    const { joint, started } = countedRunner()
    const error = onlyOdd(await failures(spaces.map((netns, i) => joint(veth(netns, i)))))
    // What veth.create knows a taken name by.
    assert.match(error.said, /File exists[\s\S]*Command failed -:1\b/)
    assert.match(error.command, new RegExp(`link add ${link(ODD)} .*netns ${spaces[ODD]?.path}`))
    assert.deepEqual(started, ['ip', 'ip'])
    for (const [i, { path }] of spaces.entries()) {
      assert.equal(exists(link(i)), i !== ODD)
      if (i !== ODD) assert.match(toolIn(path, 'ip', '-o', 'link', 'show', 'dev', 'eth1'), /eth1@/)
    }
    assert.equal(openDescriptors(), before)
  })

  it('deletes links with -force, and tells who had none', async () => {
    const { joint, started } = countedRunner()
    await Promise.all(spaces.map((netns, i) => joint(veth(netns, i))))
    tool('ip', 'link', 'del', link(ODD))
    const args = ['-force', '-batch', '-']
    const deletion = (i: number) => batch([`link del dev ${link(i)}`], { args, joint: 'batch' })
    const error = onlyOdd(await failures(spaces.map((_, i) => joint(deletion(i)))))
    assert.match(error.said, new RegExp(`Cannot find device "${link(ODD)}"\nCommand failed -:1$`))
    assert.deepEqual(started, ['ip', 'ip'])
    for (const i of spaces.keys()) assert.equal(exists(link(i)), false)
  })

  it('calls it unknown when ip does not say which line it did not understand', async () => {
    const { joint } = countedRunner()
    const commands = spaces.map((netns, i) =>
      i === ODD ? batch(['link add dev'], { joint: 'batch' }) : veth(netns, i),
    )
    for (const error of await failures(commands.map((command) => joint(command))))
      assert.ok(error instanceof CommandFailed && error.unknown)
  })

  it('adds ports for all but the one whose bridge is missing, in few transactions', async () => {
    using bridge = testBridge()
    const vsctl = new Vsctl()
    const { joint, started } = countedRunner()
    await Promise.all(spaces.map((netns, i) => joint(veth(netns, i))))
    const port = (i: number): Command => ({
      ...vsctl.addPort({
        bridge: i === ODD ? 'no-such' : bridge.name,
        port: link(i),
        vlan: NO_VLAN,
        marks: { owner: `number ${i}` },
      }),
      joint: 'transaction',
    })
    const error = onlyOdd(await failures(spaces.map((_, i) => joint(port(i)))))
    assert.match(error.said, /no row "no-such" in table Bridge/)
    assert.ok(started.length <= 12, `${started.length} processes`)
    const ports = tool('ovs-vsctl', 'list-ports', bridge.name).trim().split('\n')
    assert.deepEqual(
      ports.sort(),
      [...spaces.keys()]
        .filter((i) => i !== ODD)
        .map(link)
        .sort(),
    )
    for (const i of [0, MANY - 1]) {
      assert.equal(tool('ovs-vsctl', 'get', 'Interface', link(i), 'external_ids:owner').trim(), `"number ${i}"`)
      assert.match(tool('ovs-vsctl', 'get', 'Interface', link(i), 'ofport').trim(), /^[1-9]\d*$/)
    }
  })

  it('adds and removes ports of one bridge in one transaction', async () => {
    using bridge = testBridge()
    const vsctl = new Vsctl()
    const { joint, started } = countedRunner()
    await Promise.all(spaces.slice(0, 4).map((netns, i) => joint(veth(netns, i))))
    const add = (i: number): Command => ({
      ...vsctl.addPort({ bridge: bridge.name, port: link(i), vlan: NO_VLAN, marks: {} }),
      joint: 'transaction',
    })
    await Promise.all([joint(add(0)), joint(add(1))])
    const uuid = tool('ovs-vsctl', 'get', 'Port', link(0), '_uuid').trim()
    const removal: Command = { ...vsctl.removePorts([{ bridge: bridge.name, uuid }]), joint: 'transaction' }
    await Promise.all([joint(add(2)), joint(removal), joint(add(3))])
    assert.deepEqual(started, ['ip', 'ovs-vsctl', 'ovs-vsctl'])
    const ports = tool('ovs-vsctl', 'list-ports', bridge.name).trim().split('\n')
    assert.deepEqual(ports.sort(), [1, 2, 3].map(link))
  })

  it('sets what is to be set inside, with one xargs', async () => {
    const { joint, started } = countedRunner()
    await Promise.all(spaces.map((netns, i) => joint(veth(netns, i))))
    await Promise.all(spaces.flatMap((netns, i) => settings(netns, i).map((command) => joint(command))))
    assert.deepEqual(started, ['ip', 'xargs'])
    for (const [i, { path }] of spaces.entries()) assertSet(path, i)
    assert.equal(openDescriptors(), before)
  })

  it('runs each setting by itself when one is broken, and tells whose it was', async () => {
    const { joint, started } = countedRunner()
    await Promise.all(spaces.map((netns, i) => joint(veth(netns, i))))
    toolIn(spaces[ODD]?.path ?? '', 'ip', 'link', 'set', 'dev', 'eth1', 'name', 'eth9')
    const running = spaces.flatMap((netns, i) =>
      settings(netns, i)
        .slice(0, 1)
        .map((command) => joint(command)),
    )
    const error = onlyOdd(await failures(running))
    assert.match(error.said, /Cannot find device "eth1"/)
    assert.deepEqual(started, ['ip', 'xargs', ...Array<string>(MANY).fill('ip')])
    for (const [i, { path }] of spaces.entries()) if (i !== ODD) assertAddress(path, i)
    assert.equal(openDescriptors(), before)
  })

  for (const how of ['stop', 'run out of time'] as const)
    it(`leaves no process behind when all that share one ${how}`, async () => {
      const [a = assert.fail(), b = assert.fail()] = spaces
      const stop = new AbortController()
      const monitor = (inside: Netns): Command => ({
        tool: 'ip',
        args: ['monitor', 'link'],
        inside,
        joint: 'inside',
        timeoutMs: how === 'stop' ? 30_000 : 1_500,
      })
      const { joint, started } = countedRunner()
      const running = failures([joint(monitor(a), stop.signal), joint(monitor(b), stop.signal)])
      while (inhabitants(a) === 0 || inhabitants(b) === 0) await sleep(5)
      if (how === 'stop') stop.abort(new Error('enough'))
      for (const error of await running)
        if (how === 'stop') assert.equal(error, stop.signal.reason)
        else assert.ok(error instanceof CommandFailed && error.unknown)
      assert.deepEqual([inhabitants(a), inhabitants(b)], [0, 0])
      assert.deepEqual(started, ['xargs'])
      assert.equal(openDescriptors(), before)
    })
})

const address = (i: number): string => `10.0.0.${i + 1}/24`

const settings = (netns: Netns, i: number): readonly Command[] => [
  batch([`address replace ${address(i)} dev eth1`, 'link set dev eth1 up'], { inside: netns, joint: 'inside' }),
  { tool: 'sysctl', args: ['-qew', 'net/ipv4/conf/eth1/arp_notify=1'], inside: netns, joint: 'inside' },
  { tool: 'ethtool', args: ['-K', 'eth1', 'tx', 'off'], inside: netns, joint: 'inside' },
]

function assertAddress(path: string, i: number): void {
  assert.ok(toolIn(path, 'ip', '-o', 'address', 'show', 'dev', 'eth1').includes(` ${address(i)} `))
}

function assertSet(path: string, i: number): void {
  assertAddress(path, i)
  assert.match(toolIn(path, 'ip', '-o', 'link', 'show', 'dev', 'eth1'), /[<,]UP[,>]/)
  assert.equal(toolIn(path, 'sysctl', '-n', 'net/ipv4/conf/eth1/arp_notify').trim(), '1')
  assert.match(toolIn(path, 'ethtool', '-k', 'eth1'), /^tx-checksumming: off$/m)
}
