import { strict as assert } from 'node:assert'
import { chassisNames, startCentral, startControllers, stopCentral } from '../support/ovn.ts'
import { underlay, type Underlay } from '../support/underlay.ts'

interface Status {
  readonly central: {
    readonly source: string
    readonly northbound: { readonly answers: boolean; readonly remotes: string }
  }
  readonly northd: { readonly atWork: boolean; readonly version: string } | null
  readonly controller: { readonly state: string; readonly connected: boolean; readonly version: string }
  readonly chassis:
    readonly { readonly name: string; readonly thisHost: boolean; readonly encaps: readonly object[] }[] | null
  readonly tunnels: readonly {
    readonly type: string
    readonly remoteIp: string
    readonly chassis: string
    readonly up: boolean
  }[]
  readonly ports: { readonly up: number; readonly down: number; readonly downNames: readonly string[] } | null
  readonly problems: readonly string[]
}

describe('ovn status', function () {
  this.timeout(120_000)
  let hosts: Underlay
  before(async () => {
    hosts = await underlay(1)
  })
  after(() => hosts[Symbol.asyncDispose]())

  const statusOf = async (): Promise<{
    readonly status: number | null
    readonly it: Status
    readonly screen: string
  }> => {
    const [json, screen] = await Promise.all([
      hosts.near.ovsd('ovn', 'status', '--json'),
      hosts.near.ovsd('ovn', 'status'),
    ])
    return { status: json.status, it: JSON.parse(json.stdout) as Status, screen: screen.stdout }
  }

  it('without a central: says how to get one', async () => {
    const { status, stderr } = await hosts.near.ovsd('ovn', 'status')
    assert.equal(status, 1)
    assert.match(stderr, /does not know of any OVN central/)
    assert.match(stderr, /ovsd ovn bootstrap/)
  })

  it('a cloud of two hosts: databases, northd, chassis, tunnels and ports', async () => {
    await using _central = await startCentral(hosts.near)
    await using _chassis = await startControllers(hosts.near, hosts.sites)
    const nb = (...words: string[]) => hosts.near.run('ovn-nbctl', ...words)
    await nb('ls-add', 'ls0', '--', 'lsp-add', 'ls0', 'web', '--', 'lsp-add', 'ls0', 'db')
    await hosts.near.run(
      'ovs-vsctl',
      'add-port',
      'br-int',
      'w0',
      '--',
      'set',
      'Interface',
      'w0',
      'type=internal',
      'external_ids:iface-id=web',
    )
    await nb('--timeout=10', 'wait-until', 'Logical_Switch_Port', 'web', 'up=true')
    const { status, it: found, screen } = await statusOf()
    assert.deepEqual(found.problems, [], screen)
    assert.equal(status, 0)
    assert.deepEqual(
      [found.central.source, found.central.northbound.answers, found.northd?.atWork],
      ['open_vswitch', true, true],
    )
    assert.deepEqual([found.controller.state, found.controller.connected], ['running', true])
    assert.equal(found.controller.version, found.northd?.version)
    assert.deepEqual(
      found.chassis?.map(({ name }) => name),
      await chassisNames(hosts.near),
    )
    const [far] = hosts.far
    assert.ok(far)
    const others = found.chassis.filter(({ thisHost }) => !thisHost)
    assert.deepEqual(
      others.map(({ encaps }) => encaps),
      [[{ type: 'geneve', ip: far.address }]],
    )
    assert.deepEqual(
      found.tunnels.map(({ type, remoteIp, chassis, up }) => ({ type, remoteIp, chassis, up })),
      [{ type: 'geneve', remoteIp: far.address, chassis: others[0]?.name, up: true }],
    )
    assert.deepEqual(found.ports, { up: 1, down: 1, downNames: ['db'] })
    assert.match(screen, /^northbound +tcp:198\.51\.100\.1:6641 answers$/m)
    assert.match(screen, /^ports +1 up, 1 down \(db\)$/m)
    assert.match(screen, /All is well\.\n$/)
  })

  it('a northd that is gone, and a central that is gone, are said; it changes nothing meanwhile', async () => {
    await using _central = await startCentral(hosts.near)
    await using _chassis = await startControllers(hosts.near, [hosts.near])
    // It answers before it has ended.
    const end =
      'pid=$(cat /run/ovn/ovn-northd.pid); ovn-appctl -t ovn-northd exit; while [ -e /proc/$pid ]; do sleep 0.05; done'
    await hosts.near.run('sh', '-c', end)
    const gone = await statusOf()
    assert.equal(gone.status, 1)
    assert.deepEqual(
      gone.it.problems.map((one) => one.replace(/\..*/s, '')),
      ['No ovn-northd is at work'],
    )
    await hosts.near.run('/usr/share/ovn/scripts/ovn-ctl', 'start_northd')
    const back = await statusOf()
    assert.deepEqual(back.it.problems, [])
    await stopCentral(hosts.near)
    await hosts.near.run('ovs-vsctl', 'set', 'open_vswitch', '.', `external_ids:ovn-nb=tcp:${hosts.near.address}:6641`)
    const lost = await statusOf()
    assert.equal(lost.status, 1)
    assert.match(
      lost.it.problems.join('\n'),
      /The northbound database does not answer at tcp:198\.51\.100\.1:6641 \(.*ECONNREFUSED/,
    )
    assert.match(lost.it.problems.join('\n'), /The southbound database does not answer/)
    assert.match(lost.it.problems.join('\n'), /ovn-controller has no connection/)
    assert.equal(lost.it.northd, null)
    assert.match(lost.screen, /^northd +unknown$/m)
  })
})
