// nat networks as users make them: real containers, the program itself.
import { strict as assert } from 'node:assert'
import { container, netnsOf } from '../support/containers.ts'
import { internet, OUT6 } from '../support/internet.ts'
import { natState } from '../support/nat.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { OUT, hears, pings } from '../support/outside.ts'
import { toolIn } from '../support/tool.ts'
import { transfers } from '../support/traffic.ts'

describe('net create with a subnet', function () {
  this.timeout(120_000)

  it("leads containers out under the host's address, keeps tenants apart, and leaves the host as it was", async () => {
    using net = internet()
    const before = natState()
    try {
      ok('net', 'create', 'blue', '--bridge=bn0', '--subnet=10.3.0.0/24', '--subnet=fd03::/64', '--tenant=acme')
      ok('net', 'create', 'red', '--bridge=bn0', '--subnet=10.4.0.0/24', '--tenant=evil')
      ok('net', 'create', 'sky', '--bridge=bn1', '--subnet=10.5.0.0/24', '--tenant=acme')
      using a = container()
      using b = container()
      using x = container()
      using s = container()
      ok('net', 'connect', 'blue', a.name)
      ok('net', 'connect', 'blue', b.name)
      ok('net', 'connect', 'red', x.name)
      ok('net', 'connect', 'sky', s.name)
      const [blue, red, sky] = [a, x, s].map(({ name }) => netnsOf(name))
      if (blue === undefined || red === undefined || sky === undefined) throw new Error('no namespaces')
      assert.match(toolIn(blue, 'ip', 'route', 'show', 'default'), /^default via 10\.3\.0\.1 dev eth1/)
      assert.match(toolIn(blue, 'ip', '-6', 'route', 'show', 'default'), /^default via fd03::1 dev eth1/)
      net.arrivals()
      assert.ok(pings(blue, OUT) && pings(blue, OUT6) && pings(red, OUT) && pings(sky, OUT))
      assert.deepEqual(net.arrivals(), { fromHost: 4, fromOthers: 0 })
      assert.equal(await hears(blue, net.path, OUT, 'words\n'), 'words')
      assert.equal(await hears(blue, net.path, OUT6, 'words\n'), 'words')
      assert.ok(transfers(a.name, b.name, '10.3.0.3', 512))
      assert.ok(transfers(a.name, s.name, '10.5.0.2', 512))
      for (const address of ['10.4.0.2', '10.4.0.1']) assert.ok(!pings(blue, address) && !pings(sky, address), address)
      for (const address of ['10.3.0.2', '10.3.0.1', '10.5.0.1']) assert.ok(!pings(red, address), address)
      const overlapping = ovsd(['net', 'create', 'green', '--bridge=bn2', '--subnet=10.3.0.0/16'])
      assert.match(overlapping.stderr, /The network blue has addresses of 10\.3\.0\.0\/16 already|behind its prefix/)
      assert.equal(ovsd(['net', 'rm', 'blue']).status, 1, 'it is in use')
    } finally {
      for (const name of ['blue', 'red', 'sky']) ovsd(['net', 'rm', name, '--force'])
    }
    assert.deepEqual(natState(), before)
  })
})
