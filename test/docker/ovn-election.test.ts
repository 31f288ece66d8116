// A cloud whose northbound database is a cluster of three, and loses its leader while containers come into its networks.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { container } from '../support/containers.ts'
import { startCluster, type Cluster } from '../support/nb-cluster.ts'
import { ok, start } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'
import { underlay, type Underlay } from '../support/underlay.ts'

const SB = '/run/election-sb'
const SB_REMOTE = 'tcp:127.0.0.1:26650'

/** A southbound database beside the cluster, and the ovn-northd between them. */
function startNorthd(northbound: string): Disposable {
  const files = (what: string): string[] => [
    ...['--detach', '--no-chdir', '-vconsole:off', `--pidfile=${SB}/${what}.pid`],
    ...[`--log-file=${SB}/${what}.log`, `--unixctl=${SB}/${what}.ctl`],
  ]
  tool('rm', '-rf', SB)
  tool('mkdir', '-p', SB)
  tool('ovsdb-tool', 'create', `${SB}/db`, '/usr/share/ovn/ovn-sb.ovsschema')
  tool('ovsdb-server', ...files('server'), '--remote=ptcp:26650:127.0.0.1', `${SB}/db`)
  tool('ovn-northd', ...files('northd'), `--ovnnb-db=${northbound}`, `--ovnsb-db=${SB_REMOTE}`)
  return {
    [Symbol.dispose]() {
      for (const what of ['northd', 'server']) tool('sh', '-c', `kill $(cat ${SB}/${what}.pid)`)
      tool('rm', '-rf', SB)
    },
  }
}

const NETWORKS = ['red', 'blue'] as const

describe('networks on OVN whose northbound database is a cluster', function () {
  this.timeout(240_000)
  let hosts: Underlay
  let cluster: Cluster
  let northd: Disposable
  before(async () => {
    hosts = await underlay(0)
    cluster = await startCluster()
    northd = startNorthd(cluster.remotes)
    ok('ovn', 'join', cluster.remotes, `--southbound=${SB_REMOTE}`, `--encap-ip=${hosts.near.address}`)
  })
  after(async () => {
    ok('ovn', 'leave')
    northd[Symbol.dispose]()
    cluster[Symbol.dispose]()
    await hosts[Symbol.asyncDispose]()
  })

  const ports = (): readonly { readonly name: string; readonly addresses: string }[] => {
    const columns = ['--format=csv', '--no-headings', '--data=bare', '--columns=name,addresses']
    const text = tool('ovn-nbctl', `--db=${cluster.remotes}`, ...columns, 'find', 'Logical_Switch_Port', 'type=""')
    return text
      .split('\n')
      .filter((line) => line.startsWith('lsp-'))
      .map((line) => ({ name: line.split(',')[0] ?? '', addresses: line.split(',').slice(1).join(',') }))
  }

  it('its leader is killed during fifty attachments: all succeed, each has what the database says, nothing is there twice', async () => {
    using stack = new DisposableStack()
    for (const [i, name] of NETWORKS.entries())
      ok('net', 'create', name, `--switch=ls-${name}`, `--subnet=10.${String(40 + i)}.0.0/24`)
    const containers = Array.from({ length: 25 }, () => stack.use(container()))
    const waiting = NETWORKS.flatMap((network) => containers.map(({ name }) => ({ network, name })))
    const done: string[] = []
    const attach = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        const { status, stderr } = await start(['net', 'connect', one.network, one.name]).ended
        assert.equal(status, 0, stderr)
        done.push(`${one.network} ${one.name}`)
      }
    }
    const attaching = Promise.all([attach(), attach(), attach(), attach()])
    while (done.length < 10) await Promise.race([pause(20), attaching])
    const leader = await cluster.leader()
    cluster.kill(leader)
    assert.ok(done.length < 50, 'the leader outlived all of them')
    await attaching
    assert.notEqual(await cluster.leader(), leader)
    assert.equal(new Set(done).size, 50)

    const known = ports()
    assert.equal(known.length, 50)
    assert.equal(new Set(known.map(({ addresses }) => addresses)).size, 50)
    for (const { name, id } of containers) {
      const inside = tool('docker', 'exec', name, '/bin/busybox', 'ip', '-4', '-oneline', 'address')
      const addresses = [...inside.matchAll(/inet (10\.4[01]\.0\.\d+)\//g)].map(([, ip = '']) => ip).sort()
      const said = known
        .filter((port) => port.name.startsWith(`lsp-${id.slice(0, 12)}-`))
        .map((port) => port.addresses.split(' ')[1] ?? '')
      assert.deepEqual(addresses, said.sort(), name)
    }
    for (const name of NETWORKS) ok('net', 'rm', name, '--force')
    assert.deepEqual(ports(), [])
  })
})
