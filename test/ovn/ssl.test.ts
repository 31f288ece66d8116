// Databases behind ssl: with the right files, with wrong ones, with expired ones.
import { strict as assert } from 'node:assert'
import { copyFileSync } from 'node:fs'
import { authority } from '../support/authority.ts'
import { errorOf } from '../support/ovsd.ts'
import { chassisNames, startCentral } from '../support/ovn.ts'
import { temporaryFolder } from '../support/socket-server.ts'
import { tool } from '../support/tool.ts'
import { underlay, type FarSite, type Underlay } from '../support/underlay.ts'

describe('ovn over ssl', function () {
  this.timeout(180_000)
  let hosts: Underlay
  let far: FarSite
  let central: AsyncDisposable
  const files = temporaryFolder()
  const good = authority(files.path, 'good')
  const own = good.member('near')
  before(async () => {
    hosts = await underlay(1)
    const [first] = hosts.far
    assert.ok(first)
    far = first
    central = await startCentral(far)
    const { key, cert } = good.member('central')
    for (const [db, port] of [
      ['ovn-nbctl', '6641'],
      ['ovn-sbctl', '6642'],
    ] as const) {
      await far.run(db, 'set-ssl', key, cert, good.ca)
      await far.run(db, 'set-connection', `pssl:${port}:${far.address}`)
    }
  })
  after(async () => {
    await central[Symbol.asyncDispose]()
    await hosts[Symbol.asyncDispose]()
    files[Symbol.dispose]()
  })
  const options = ({ key, cert }: { key: string; cert: string }, ca: string) => [
    `--private-key=${key}`,
    `--certificate=${cert}`,
    `--ca-cert=${ca}`,
  ]

  it('joins with the right files, knows them from then on, and gives Open vSwitch its own back', async () => {
    await hosts.near.ok('ovn', 'join', `ssl:${far.address}`, ...options(own, good.ca))
    assert.equal((await chassisNames(far)).length, 1)
    assert.match(await hosts.near.ok('ovn', 'status'), /All is well/)
    assert.match(await hosts.near.ok('ovn', 'join'), /^Nothing to do/)
    await hosts.near.ok('ovn', 'leave')
    assert.equal(tool('ovs-vsctl', 'list', 'SSL'), '')
    assert.deepEqual(await chassisNames(far), [])
  })

  it('without files, with another authority’s, with expired ones, with two only: refused, and nothing is changed', async () => {
    const before = tool('ovs-vsctl', '--columns=external_ids,ssl', 'list', 'Open_vSwitch')
    const other = authority(files.path, 'other')
    const bad: readonly (readonly [string, readonly string[], RegExp])[] = [
      ['BadInput', [], /--private-key: ssl needs three files/],
      ['CentralUnreachable', options(other.member('near'), good.ca), /does not answer at ssl:198\.51\.100\.2:6641/],
      ['CentralUnreachable', options(own, other.ca), /self.signed certificate|unable to verify|unable to get/],
      ['CentralUnreachable', options(good.member('late', 0), good.ca), /does not answer/],
      ['BadInput', options(own, good.ca).slice(0, 2), /--ca-cert: ssl needs all three files/],
    ]
    for (const [code, words, said] of bad) {
      const failed = await hosts.near.ovsd('ovn', 'join', `ssl:${far.address}`, ...words, '--json')
      const error = errorOf(failed)
      assert.equal(error.code, code, JSON.stringify(error))
      assert.match(error.message, said)
    }
    assert.equal(tool('ovs-vsctl', '--columns=external_ids,ssl', 'list', 'Open_vSwitch'), before)
  })

  it('a certificate that ends later: it is said by its name, nothing is changed, and a new one in its place heals it', async () => {
    const [mine, ended] = [good.member('mine'), good.member('ended', 0)]
    const put = ({ key, cert }: typeof mine) => {
      copyFileSync(key, `${files.path}/now.key`)
      copyFileSync(cert, `${files.path}/now.pem`)
    }
    put(mine)
    const now = { key: `${files.path}/now.key`, cert: `${files.path}/now.pem` }
    await hosts.near.ok('ovn', 'join', `ssl:${far.address}`, ...options(now, good.ca))
    put(ended)
    const before = tool('ovs-vsctl', '--columns=external_ids', 'list', 'Bridge', 'br-int')
    const create = ['net', 'create', 'blue', '--switch=ls-blue', '--subnet=10.0.0.0/24']
    const failed = await hosts.near.ovsd(...create, '--json')
    assert.deepEqual([failed.status, errorOf(failed).code], [1, 'CentralUnreachable'])
    assert.match(errorOf(failed).message, /\(it refuses this host: certificate expired\)\.$/)
    const { status, stdout } = await hosts.near.ovsd('ovn', 'status')
    assert.equal(status, 1)
    assert.match(stdout, /^! The northbound .*certificate expired.*openssl x509 .* -in .*now\.pem$/m)
    assert.equal(tool('ovs-vsctl', '--columns=external_ids', 'list', 'Bridge', 'br-int'), before)
    put(mine)
    await hosts.near.ok(...create)
    await hosts.near.ok('net', 'rm', 'blue')
    await hosts.near.ok('ovn', 'leave')
  })
})
