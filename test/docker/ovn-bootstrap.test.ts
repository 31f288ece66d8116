// From nothing to a working OVN with central in a container of a real engine, as its users do it, and back.
import { strict as assert } from 'node:assert'
import { here } from '../../lab/host.ts'
import { runContainer } from '../../lab/containers.ts'
import { errorOf, ok, ovsd } from '../support/ovsd.ts'
import { hostLink } from '../support/host-link.ts'
import { comesTrue } from '../support/ovn.ts'
import { ovnBase, ovnImage, type TestImage } from '../support/ovn-image.ts'
import { echoes, placeOn } from '../support/place.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'

const ENCAP = '--encap-ip=192.0.2.7'
const settings = () => tool('ovs-vsctl', '--columns=external_ids,ssl', 'list', 'Open_vSwitch')
const engine = () => [
  tool('docker', 'ps', '--all', '--format={{.Names}}'),
  tool('docker', 'network', 'ls', '--format={{.Name}}'),
  tool('docker', 'volume', 'ls', '--format={{.Name}}'),
]
const now = () => ({ host: snapshot(), settings: settings(), engine: engine() })
const nb = (...words: string[]) => tool('docker', 'exec', 'ovn-central', 'ovn-nbctl', ...words)

describe('ovn bootstrap with central in a container', function () {
  this.timeout(180_000)
  let base: TestImage
  let image: TestImage
  let link: Disposable
  before(() => {
    base = ovnBase()
    image = ovnImage(base)
    link = hostLink()
  })
  after(() => {
    link[Symbol.dispose]()
    image[Symbol.dispose]()
    base[Symbol.dispose]()
  })

  it('prints what it would do, and does nothing', () => {
    const before = now()
    const lines = ok('ovn', 'bootstrap', '--dry-run', ENCAP)
    for (const line of [
      /^docker .*network create .*transit-overlay$/m,
      /^docker .*volume create .*ovn-central$/m,
      /^docker .*create .*--ip=?.172\.30\.0\.5/m,
      /^ovs-vsctl .*ovn-remote="?.*tcp:172\.30\.0\.5:6642/m,
      /ovn-ctl start_controller$/m,
    ])
      assert.match(lines, line)
    assert.deepEqual(now(), before)
  })

  it('from nothing; a second time without a change; a network on it; killed and started again with all of it; and back', async () => {
    const before = now()
    const said = ok('ovn', 'bootstrap', ENCAP)
    assert.match(
      said,
      /^This host is chassis ovsd-lab-\S+ of tcp:172\.30\.0\.5:6642 \(container ovn-central\), geneve at 192\.0\.2\.7$/m,
    )
    assert.match(ok('ovn', 'status'), /All is well/)
    assert.match(ok('ovn', 'bootstrap'), /^Nothing to do: /)
    assert.equal(tool('ss', '-Hltn', 'src :6641 or src :6642').trim(), '')

    ok('net', 'create', 'blue', '--switch=ls-blue', '--subnet=10.0.0.0/24')
    const [a, b] = [await runContainer(here), await runContainer(here)]
    try {
      for (const one of [a, b]) ok('net', 'connect', 'blue', one.name)
      const [from, to] = [a, b].map(({ pid }) => placeOn(here, `/proc/${String(pid)}/ns/net`))
      assert.ok(from && to)
      assert.ok(await echoes(from, '10.0.0.3'))
      const ports = nb('lsp-list', 'ls-blue')
      tool('docker', 'kill', '--signal=KILL', 'ovn-central')
      assert.ok(await echoes(from, '10.0.0.3'), 'while central is away')
      // What was killed by hand, Docker leaves; the same command starts it again.
      ok('ovn', 'bootstrap')
      assert.equal(nb('lsp-list', 'ls-blue'), ports)
      await comesTrue(() => Promise.resolve(ovsd(['ovn', 'status']).status === 0), 'ovn-controller is back')
      assert.ok(await echoes(from, '10.0.0.3'))
      assert.equal(errorOf(ovsd(['ovn', 'leave', '--json'])).code, 'ChassisInUse')
      ok('net', 'rm', 'blue', '--force')
    } finally {
      tool('docker', 'rm', '--force', a.id, b.id)
    }
    assert.equal(errorOf(ovsd(['ovn', 'teardown', '--json'])).code, 'CentralInUse')
    ok('ovn', 'leave')
    assert.match(ok('ovn', 'teardown'), /its databases stay/)
    assert.match(tool('docker', 'volume', 'ls', '--format={{.Name}}'), /ovn-central/)
    ok('ovn', 'bootstrap', ENCAP)
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(now(), before)
  })

  it('a volume that is lost is not replaced by an empty one while networks are known, unless that is asked for', () => {
    const before = now()
    ok('ovn', 'bootstrap', ENCAP)
    ok('net', 'create', 'blue', '--switch=ls-blue', '--subnet=10.0.0.0/24')
    tool('docker', 'rm', '--force', 'ovn-central')
    tool('docker', 'volume', 'rm', 'ovn-central')
    const lost = ovsd(['ovn', 'bootstrap', '--json'])
    assert.equal(errorOf(lost).code, 'CentralDataLost')
    assert.match(errorOf(lost).message, /blue/)
    ok('ovn', 'bootstrap', '--restore')
    ok('net', 'create', 'blue', '--switch=ls-blue', '--subnet=10.0.0.0/24')
    assert.match(nb('ls-list'), /\(ls-blue\)/)
    ok('net', 'rm', 'blue')
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(now(), before)
  })

  it('listens for others only where it is told, and without certificates only with --insecure', () => {
    const before = now()
    assert.equal(ovsd(['ovn', 'bootstrap', '--central=docker', '--listen=192.0.2.7']).status, 2)
    ok('ovn', 'bootstrap', '--listen=192.0.2.7', '--insecure')
    assert.match(tool('ss', '-Hltn', 'src :6641'), /192\.0\.2\.7:6641/)
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(now(), before)
  })
})
