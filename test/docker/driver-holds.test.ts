// The invariants of the driver's world are seen to be broken, whichever of them is.
import { strict as assert } from 'node:assert'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { container, netnsOf, onRemoval } from '../support/containers.ts'
import { driverHolds } from '../support/driver-holds.ts'
import { ownPortsSeen, type PortSeen } from '../support/ovs-rows.ts'
import { tool, toolIn } from '../support/tool.ts'
import { plugin } from '../support/watch.ts'

const AT_ONCE = { seconds: 0 }
/** How often it is looked how long a look takes. */
const LOOKS = 5

/** Has something done wrong, sees what is said of it, and has it put right. */
function broken(how: () => unknown, said: RegExp, mend: () => unknown): void {
  how()
  try {
    assert.throws(() => {
      driverHolds(AT_ONCE)
    }, said)
  } finally {
    mend()
  }
  driverHolds({ seconds: 3 })
}

describe('invariants of Docker’s networks of the driver', function () {
  this.timeout(120_000)

  it('hold for what Docker and the driver have made, and for nothing else', async () => {
    let driver = await plugin()
    tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', '--opt=vlan=7', 'blue')
    const [a, b] = [container('--network=blue'), container('--network=blue', '--ip=10.9.0.20')]
    driverHolds()
    try {
      const times = Array.from({ length: LOOKS }, () => {
        const since = performance.now()
        driverHolds(AT_ONCE)
        return performance.now() - since
      }).sort((one, other) => one - other)
      console.log(`      a look at two containers: ${String(Math.round(times[Math.floor(LOOKS / 2)] ?? 0))} ms`)
      // It would put right what is done here.
      await driver.stop()
      const endpoint = tool('docker', 'inspect', '--format={{.NetworkSettings.Networks.blue.EndpointID}}', b.id).trim()
      const { port, ids } = ownPortsSeen().find((one) => one.ids['ovsd_endpoint'] === endpoint) ?? assert.fail()
      const set = (table: 'Port' | 'Interface', ...settings: string[]): string =>
        tool('ovs-vsctl', 'set', table, port, ...settings)
      const marked = (key: keyof PortSeen['ids'], value: string): string =>
        set('Interface', `external_ids:${key}=${JSON.stringify(value)}`)
      const inB = (...args: string[]): string => toolIn(netnsOf(b.name), 'ip', ...args)

      broken(
        () => set('Port', 'tag=8'),
        /in blue/,
        () => set('Port', 'tag=7'),
      )
      broken(
        () => marked('ovsd_network', 'red'),
        /in blue/,
        () => marked('ovsd_network', ids['ovsd_network'] ?? ''),
      )
      broken(
        () => marked('ovsd_spec', '{}'),
        /in blue/,
        () => marked('ovsd_spec', ids['ovsd_spec'] ?? ''),
      )
      broken(
        () => marked('ovsd_endpoint', '7'.repeat(64)),
        /in blue has no port/,
        () => marked('ovsd_endpoint', endpoint),
      )
      broken(
        () => inB('address', 'add', '10.9.0.21/24', 'dev', 'eth0'),
        /10\.9\.0\.21/,
        () => inB('address', 'del', '10.9.0.21/24', 'dev', 'eth0'),
      )
      broken(
        () => inB('link', 'set', 'eth0', 'mtu', '1400'),
        /mtu: /,
        () => inB('link', 'set', 'eth0', 'mtu', '1500'),
      )
      broken(
        () => inB('link', 'set', 'eth0', 'down'),
        /up: /,
        () => inB('link', 'set', 'eth0', 'up') + inB('route', 'add', 'default', 'via', '10.9.0.1'),
      )
      broken(
        () => inB('route', 'del', 'default'),
        /has the default routes none/,
        () => inB('route', 'add', 'default', 'via', '10.9.0.1'),
      )
      broken(
        () => inB('route', 'add', '10.77.0.0/16', 'via', '10.9.0.9'),
        /10\.77\.0\.0/,
        () => inB('route', 'del', '10.77.0.0/16'),
      )
      const stray = '0123456789abc_l'
      broken(
        () => tool('ip', 'link', 'add', stray, 'type', 'veth', 'peer', 'name', 'stray0'),
        /links of ours without a port[\s\S]*0123456789abc_l/,
        () => tool('ip', 'link', 'del', stray),
      )
      const left = ['Interface', stray, 'type=internal', 'external_ids:ovsd=1']
      for (const [whose, said] of [
        [`external_ids:ovsd_endpoint=${'6'.repeat(64)}`, /no running container has that endpoint/],
        [`external_ids:ovsd_id=${a.id}`, /which does not run, or was started again/],
      ] as const)
        broken(
          () => tool('ovs-vsctl', 'add-port', 'ovsbr0', stray, '--', 'set', ...left, whose),
          said,
          () => tool('ovs-vsctl', 'del-port', stray),
        )
      broken(
        () => {
          mkdirSync('/run/netns', { recursive: true })
          writeFileSync(`/run/netns/${String(process.pid)}`, '')
        },
        /names of namespaces/,
        () => {
          rmSync(`/run/netns/${String(process.pid)}`)
        },
      )
      // And it is looked at before containers go.
      onRemoval(() => {
        driverHolds(AT_ONCE)
      })
      set('Port', 'tag=8')
      assert.throws(() => {
        using _c = container()
      }, /in blue/)
      onRemoval(undefined)
      set('Port', 'tag=7')
    } finally {
      driver = await plugin()
    }
    const [gone] = ownPortsSeen()
    tool('ovs-vsctl', 'del-port', gone?.port ?? '')
    driverHolds()
    for (const one of [a, b]) one[Symbol.dispose]()
    tool('docker', 'network', 'rm', 'blue')
    await driver[Symbol.asyncDispose]()
  })
})
