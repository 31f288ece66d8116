// One host of networks on OVN, when something that they need is gone: central, the host's own address, br-int, or OVN altogether.
import { strict as assert } from 'node:assert'
import { netCreate } from '../support/cloud.ts'
import { container, type TestContainer } from '../support/containers.ts'
import { dump } from '../support/northbound.ts'
import { comesTrue, OVN_CTL } from '../support/ovn.ts'
import { errorOf, ok, ovsd } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'
import { BETWEEN, underlay, type Underlay } from '../support/underlay.ts'

describe('networks on OVN, when something of it is gone', function () {
  this.timeout(180_000)
  let hosts: Underlay
  let a: TestContainer
  let empty: readonly string[]
  const bootstrap = () => ok('ovn', 'bootstrap', '--central=local', `--encap-ip=${hosts.near.address}`)
  before(async () => {
    hosts = await underlay(0)
    bootstrap()
    a = container()
    empty = dump()
  })
  after(async () => {
    a[Symbol.dispose]()
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    // A host that has left by force keeps it for what is attached there, and does not know any more that it was new once.
    tool('ovs-vsctl', '--if-exists', 'del-br', 'br-int')
    await hosts[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    ok(...netCreate())
    ok('net', 'connect', 'blue', a.name)
    assert.match(ok('ovn', 'status'), /All is well/)
  })
  afterEach(() => {
    ovsd(['net', 'rm', 'blue', '--force'])
    ok('gc')
    assert.deepEqual(dump(), empty)
  })
  const problems = (): readonly string[] => {
    const { status, stdout } = ovsd(['ovn', 'status'])
    assert.equal(status, 1, stdout)
    return stdout.split('\n').filter((line) => line.startsWith('!'))
  }

  it('its own address: ovn status says so', async () => {
    const { address } = hosts.near
    tool('ip', 'address', 'del', `${address}/24`, 'dev', BETWEEN)
    const [said = '', ...more] = problems()
    assert.equal(more.length, 0, more.join('\n'))
    assert.match(said, new RegExp(`^! This host does not have ${address}, to which .*ovsd ovn join --encap-ip=`))
    tool('ip', 'address', 'add', `${address}/24`, 'dev', BETWEEN)
    await comesTrue(() => Promise.resolve(ovsd(['ovn', 'status']).status === 0), 'all is well')
  })

  it('br-int, with the ports on it: ovn status says so, and gc clears up', async () => {
    tool('ovs-vsctl', 'del-br', 'br-int')
    // ovn-controller makes another one.
    await comesTrue(() => Promise.resolve(tool('ovs-vsctl', 'list-br').includes('br-int')), 'there is a br-int')
    assert.ok(
      problems().some((line) =>
        /^! 1 logical port of the network ls-blue is for nothing that is on this host.*ovsd gc$/.test(line),
      ),
      problems().join('\n'),
    )
    assert.match(ok('gc'), new RegExp(`Removed lsp-${a.id.slice(0, 12)}-eth1`))
    ok(...netCreate())
  })

  it('central: what can be told is told, and what nobody knows is said', () => {
    tool(OVN_CTL, 'stop_northd')
    assert.match(
      ok('net', 'inspect', 'blue'),
      /missing: whatever central would know of: The northbound database of OVN/,
    )
    assert.match(ok('net', 'inspect', 'blue'), new RegExp(a.name))
    assert.match(ok('gc'), /^Nothing to remove\.\nLogical ports were not looked at: central of OVN does not answer/)
    const gone = ovsd(['net', 'disconnect', 'blue', a.name])
    assert.equal(gone.status, 3)
    tool(OVN_CTL, 'start_northd')
    assert.match(ok('gc'), new RegExp(`Removed lsp-${a.id.slice(0, 12)}-eth1`))
  })

  it('OVN, because the host has left it by force: its networks can be removed all the same', () => {
    ok('ovn', 'leave', '--force')
    assert.equal(errorOf(ovsd(['net', 'connect', 'blue', a.name, '--json'])).code, 'ChassisMissing')
    assert.match(ok('net', 'rm', 'blue', '--force'), /blue removed/)
    assert.deepEqual(JSON.parse(ok('net', 'ls', '--json')), { networks: [] })
    bootstrap()
    // The others have kept it for this host.
    ok(...netCreate())
    ok('net', 'rm', 'blue')
  })
})
