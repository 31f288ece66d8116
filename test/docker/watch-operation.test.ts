// How watch is run: once, dry, twice, as a service; how it ends, and where its settings come from.
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { execaSync } from 'execa'
import { testBridge } from '../support/bridge.ts'
import { container, netnsOf } from '../support/containers.ts'
import { hostView } from '../support/host-view.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { holds } from '../support/invariants.ts'
import { labelled, labelOptions, labelsOf, together } from '../support/labelled.ts'
import { ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { ovsd, PROGRAM } from '../support/ovsd.ts'
import { settingsFile } from '../support/settings-file.ts'
import { terminal } from '../support/terminal.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { watch } from '../support/watch.ts'
import { wrappedTools } from '../support/wrapped-tools.ts'

const BAD = { 'ovs.ip_address': 'x' }

describe('watch --once', () => {
  it('attaches what is missing, says what it did, and finds nothing to do the next time', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    const once = (...more: string[]) => ovsd(['watch', '--once', `--bridge=${bridge.name}`, ...more])
    using a = labelled('10.3.0.2/24')
    const first = once('--json')
    assert.equal(first.status, 0, first.stderr)
    const { attached, ...rest } = JSON.parse(first.stdout) as { attached: Record<string, unknown>[] }
    assert.deepEqual(rest, { repaired: [], detached: [], refused: [], failed: [], mended: [], unmended: [] })
    const port = portOf(a.id)?.port
    const what = attached.map(({ container: name, interface: iface, port: made }) => [name, iface, made])
    assert.deepEqual(what, [[a.name, 'eth1', port]])
    await holds({ containers: [a], bridge: bridge.name, before })
    const second = once()
    assert.deepEqual([second.status, second.stdout, second.stderr], [0, 'Everything is in place.\n', ''])
    // Something that is refused is not in place, and the exit status says so; what is not refused is done all the same.
    using bad = container(...labelOptions(BAD))
    using b = labelled('10.3.0.3/24')
    const third = once()
    assert.equal(third.status, 1)
    assert.equal(third.stdout, '1 attached, 1 refused\n')
    assert.match(third.stderr, new RegExp(`"container":"${bad.name}"`))
    tool('docker', 'stop', '--time=0', a.name)
    const { stdout } = once('--json')
    const fourth = JSON.parse(stdout) as { detached: unknown; refused: { code: string }[] }
    assert.deepEqual(fourth.detached, [{ container: a.name, interface: 'eth1', bridge: bridge.name, port }])
    assert.deepEqual(
      fourth.refused.map(({ code }) => code),
      ['BadInput'],
    )
    await holds({ containers: [b], bridge: bridge.name, before })
  })

  it('with --dry-run: prints commands that do it when they are pasted', async () => {
    const before = hostView('ovsbr0')
    using a = labelled({
      ...{ addresses: ['10.3.0.2/24', 'fd03::2/64'], gateways: ['10.3.0.1'], routes: ['10.99.0.0/16,10.3.0.9'] },
      ...{ mtu: 1400, vlan: 10, tenant: 'blue' },
    })
    using _bridge = { [Symbol.dispose]: () => void tool('ovs-vsctl', '--if-exists', 'del-br', 'ovsbr0') }
    const { status, stdout, stderr } = ovsd(['watch', '--dry-run'])
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(stdout, new RegExp(`^# ${a.name} \\(${a.id.slice(0, 12)}\\): Attach eth1 of ${a.name} to ovsbr0\n`))
    assert.deepEqual(ownPortsSeen(), [])
    execaSync('sh', ['-e'], { input: stdout })
    await holds({ containers: [a], bridge: 'ovsbr0', before })
    const after = ovsd(['watch', '--dry-run'])
    assert.deepEqual([after.status, after.stdout], [0, '# nothing to do\n'])
  })
})

describe('a second watch', () => {
  it('is refused, and told who the first one is; a look without changes is not', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    for (const once of [[], ['--once']]) {
      const { status, stderr } = ovsd(['watch', ...once])
      assert.equal(status, 1)
      assert.match(stderr, new RegExp(`ovsd watch or daemon already runs on this host, as process ${watcher.pid}`))
    }
    assert.equal(ovsd(['watch', '--dry-run', `--bridge=${bridge.name}`]).status, 0)
  })
})

describe('watch ends', () => {
  it('by SIGTERM in the middle of a burst: what was begun is finished, and the network stays', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    const wants = Array.from({ length: 8 }, (_, i) => [{ addresses: [`10.3.1.${i + 1}/24`] }])
    using burst = await together(wants.map(labelsOf))
    await burst.start()
    const watcher = await watch([`--bridge=${bridge.name}`, '--verbose'])
    await watcher.sees({ event: 'command.ran', msg: /^ovs-vsctl|^ip -batch/ })
    assert.equal(await watcher.stop(), 0)
    assert.deepEqual(
      watcher.lines.filter(({ level }) => level === 'error'),
      [],
    )
    const said = new Set(watcher.all('port.attached').map(({ container_id: id }) => id))
    const containers = burst.all.map((one, i) => ({ ...one, wants: wants[i] ?? [] })).filter(({ id }) => said.has(id))
    assert.equal(ownPortsSeen().length, containers.length)
    await holds({ containers, bridge: bridge.name, before })
    // Whoever comes next does the rest.
    await using next = await watch([`--bridge=${bridge.name}`])
    const all = burst.all.map((one, i) => ({ ...one, wants: wants[i] ?? [] }))
    await holds({ containers: all, bridge: bridge.name, before, watcher: next, seconds: 10 })
  })

  it('by a second SIGTERM: what was begun is undone', async () => {
    using bridge = testBridge()
    using a = labelled('10.3.0.2/24')
    const before = hostView(bridge.name)
    // The third tool of the attachment takes two seconds.
    using tools = wrappedTools(4, 'meanwhile', 'TERM', 'sleep 2')
    await using watcher = await watch([`--bridge=${bridge.name}`], { PATH: tools.path })
    for (let i = 0; tools.calls() < 4 && i < 100; i++) await watcher.during(0.02)
    watcher.signal('SIGTERM')
    await watcher.sees({ event: 'watch.stopping', msg: /SIGTERM: finishing/ })
    watcher.signal('SIGTERM')
    await watcher.sees({ event: 'watch.stopping', msg: /SIGTERM: stopping at once/ })
    assert.equal(await watcher.ended, 143)
    assert.equal(portOf(a.id), undefined)
    await holds({ containers: [], bridge: bridge.name, before })
    assert.ok(!insideSeen(netnsOf(a.name)).has('eth1'))
  })

  it('by a signal during --once: what was begun is undone, and the status says so', async () => {
    using bridge = testBridge()
    using a = labelled('10.3.0.2/24')
    const before = hostView(bridge.name)
    for (const [signal, expected] of [
      ['TERM', 143],
      ['INT', 130],
    ] as const) {
      using tools = wrappedTools(4, 'before', signal)
      const { status, stderr } = ovsd(['watch', '--once', `--bridge=${bridge.name}`], { PATH: tools.path })
      assert.equal(status, expected, stderr)
      assert.equal(portOf(a.id), undefined)
      await holds({ containers: [], bridge: bridge.name, before })
    }
  })
})

describe('a restart of watch', () => {
  it('touches nothing, and no packet is lost', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    const args = [`--bridge=${bridge.name}`, '--verbose']
    using a = labelled({ addresses: ['10.3.0.2/24', 'fd03::2/64'], gateways: ['10.3.0.1'], mtu: 1400 })
    using b = labelled('10.3.0.3/24', { iface: 'eth2', addresses: ['10.4.0.3/24'], vlan: 10 })
    const first = await watch(args)
    for (const { name } of [a, b]) await first.sees({ event: 'port.attached', container: name })
    await first.sees({ event: 'port.attached', interface: 'eth2' })
    assert.ok(answers(a.name, '10.3.0.3'))
    const seen = () => [ownPortsSeen(), ...[a, b].map(({ name }) => [...insideSeen(netnsOf(name))])]
    const was = seen()
    const count = ['-i', '0.02', '-c', '80']
    const ping = spawn('nsenter', [`--net=${netnsOf(a.name)}`, 'busybox', 'ping', ...count, '10.3.0.3'])
    let told = ''
    ping.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()))
    const over = once(ping, 'close')
    assert.equal(await first.stop(), 0)
    await using second = await watch(args)
    const said = await second.during(0.7)
    // What it looks at: links, and whether an earlier life left rules.
    const looks = /^(ip -json|nft -j list tables)/
    const changes = said.filter(({ event, msg }) => event === 'command.ran' && !looks.test(msg))
    assert.deepEqual(changes, [])
    await over
    assert.match(told, /80 packets transmitted, 80 packets received/)
    assert.deepEqual(seen(), was)
    await holds({ containers: [a, b], bridge: bridge.name, before, watcher: second })
  })
})

describe('the log of watch', () => {
  it('is text on a terminal, and ends with Ctrl-C', async () => {
    using bridge = testBridge()
    using screen = terminal()
    screen.type(`${PROGRAM.join(' ')} watch --bridge=${bridge.name}; echo status=$?`, 'Enter')
    await screen.sees(/\d\d:\d\d:\d\d\.\d{3} info +\S+ watch \S+ follows labels/)
    using a = labelled('10.3.0.2/24')
    await screen.sees(new RegExp(`info +attached eth1 of ${a.name} to ${bridge.name}: 10\\.3\\.0\\.2/24`))
    using bad = container(...labelOptions(BAD))
    await screen.sees(new RegExp(`warn +refused eth1 of ${bad.name}: ovs\\.ip_address`))
    screen.type('C-c')
    assert.doesNotMatch(await screen.sees(/stopped; the network stays as it is[\s\S]*status=0/), /[{}]|\u001b/)
  })

  it('is written in the background of a shell too, whose terminal is as it was afterwards', async () => {
    using bridge = testBridge()
    using screen = terminal()
    screen.type(`${PROGRAM.join(' ')} watch --bridge=${bridge.name} &`, 'Enter')
    await screen.sees(/follows labels/)
    screen.type('kill %1; sleep 1; stty -a | grep -ow -e -echo -e echo', 'Enter')
    assert.doesNotMatch(await screen.sees(/stopped; the network stays[^]*^-?echo$/m), /^-echo$/m)
  })

  it('has the lines of its level and above', () => {
    using bridge = testBridge()
    using bad = container(...labelOptions(BAD))
    using a = labelled('10.3.0.2/24')
    const run = (...more: string[]): readonly string[] => {
      const { stderr } = ovsd(['watch', '--once', `--bridge=${bridge.name}`, ...more])
      const lines = stderr.split('\n').filter((line) => line !== '')
      return lines.map((line) => (JSON.parse(line) as { level: string }).level).sort()
    }
    assert.deepEqual(run('--log-level=error'), [])
    assert.deepEqual(run('--log-level=warn'), ['warn'])
    tool('ovs-vsctl', 'del-port', portOf(a.id)?.port ?? '')
    assert.deepEqual(run(), ['info', 'warn'])
    tool('ovs-vsctl', 'del-port', portOf(a.id)?.port ?? '')
    assert.ok(run('--verbose').includes('debug'))
    const { stderr } = ovsd(['watch', '--once', `--bridge=${bridge.name}`, '--log-format=text'])
    assert.match(stderr, new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} warn {2}refused eth1 of ${bad.name}: .*\n$`))
  })
})

describe('settings of ovs-port-manager', () => {
  it('are taken from its file and its variables', async () => {
    using bridge = testBridge()
    using other = testBridge()
    using file = settingsFile(
      `ovs:\n  default_bridge: ${other.name}\n  default_interface: net0\nnetwork:\n  default_mtu: 1400\n` +
        'docker:\n  api_version: "1.41"\nlogging:\n  level: debug\nserver:\n  enable_metrics: true\n  metrics_addr: ":9180"\n',
      { name: 'ovs-port-manager.yaml' },
    )
    await using watcher = await watch([`--config=${file.path}`], { OVS_DEFAULT_BRIDGE: bridge.name })
    using a = container(...labelOptions({ 'ovs.ip_address': '10.3.0.2/24' }))
    await watcher.sees({ event: 'port.attached', container: a.name, interface: 'net0', bridge: bridge.name })
    await watcher.sees({ event: 'settings.loaded', level: 'debug' })
    await watcher.sees({ event: 'settings.notice', msg: /api_version/ })
    await watcher.sees({ event: 'settings.notice', msg: /:9180 is taken as 127\.0\.0\.1:9180/ })
    assert.equal(tool('curl', '--silent', 'http://127.0.0.1:9180/healthz'), 'ok\n')
    assert.equal(insideSeen(netnsOf(a.name)).get('net0')?.mtu, 1400)
  })
})
