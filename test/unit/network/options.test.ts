import { strict as assert } from 'node:assert'
import { optionName, withOptions } from '../../../src/lib/network/options.ts'
import { parseNetworkSpec } from '../../../src/lib/network/spec.ts'
import { asNetworkOption, type NetworkWords } from '../../../src/lib/network/words.ts'

const added = (options: readonly string[], words: Partial<NetworkWords> = {}) =>
  withOptions({ name: 'blue', ...words }, options)

describe('--opt', () => {
  it('says what flags say, by the names of the Docker network drivers', () => {
    const options = ['bridge=br9', 'tenant_id=acme', 'vlan=7', 'mtu=1400', 'ipam=static', 'dhcp=none', 'vrf=v']
    assert.deepEqual(added([...options, 'mirror.ports=a,b', 'mirror.dest=ids']), {
      ...{
        name: 'blue',
        bridge: 'br9',
        tenant: 'acme',
        vlan: '7',
        mtu: '1400',
        ipam: 'static',
        dhcp: 'none',
        vrf: 'v',
      },
      ...{ mirrorPorts: ['a', 'b'], mirrorDest: 'ids' },
    })
    const gopher = ['name=br9', 'mtu=1400', 'mode=flat', 'bind_interface=eno2'].map(
      (one) => `net.gopher.ovs.bridge.${one}`,
    )
    assert.deepEqual(added(gopher), { name: 'blue', bridge: 'br9', mtu: '1400', mode: 'flat', uplink: 'eno2' })
  })

  it('adds to flags, and does not contradict them', () => {
    assert.deepEqual(added(['vlan=7'], { mtu: '1400' }), { name: 'blue', vlan: '7', mtu: '1400' })
    for (const options of [['vlan=7'], ['mtu=1500', 'com.docker.network.driver.mtu=1500']])
      assert.throws(() => added(options, { vlan: '8' }), { code: 'BadInput', field: '--opt' })
  })

  it('refuses what it does not know, and knows what was meant', () => {
    assert.throws(() => added(['tenant_di=x']), { code: 'BadInput', next: /tenant_id=VALUE/ })
    for (const option of [
      '',
      '=',
      'vlan',
      'vlan=',
      'x=1',
      'name=y',
      '__proto__=x',
      'constructor=x',
      `${'x'.repeat(9999)}=1`,
    ])
      assert.throws(() => added([option]), { code: 'BadInput' }, option)
  })

  it('says which options are about the central of OVN', () => {
    for (const name of ['ovn.auto_create', 'ovn.transit_overlay_network'])
      assert.throws(() => added([`${name}=x`]), { code: 'NeedsOvn', message: new RegExp(`--opt ${name} is about`) })
  })

  it('of OVN say what the flags say', () => {
    const options = ['ovn.switch=ls-blue', 'physnet=lan', 'dns=192.0.2.53,192.0.2.54', 'ovn.encap=vxlan']
    assert.deepEqual(added(options), {
      ...{ name: 'blue', switch: 'ls-blue', physnet: 'lan', dns: ['192.0.2.53', '192.0.2.54'], encap: 'vxlan' },
    })
  })

  it('says what is about routers of OVN', () => {
    assert.deepEqual(added(['ovn.router=lr-a', 'ovn.transit_network=t']), {
      ...{ name: 'blue', router: 'lr-a', transitNetwork: 't' },
    })
    assert.deepEqual(
      added(['ovn.role=transit', 'ovn.external_gateway=192.0.2.1', 'ovn.external_address=192.0.2.9/24']),
      {
        ...{ name: 'blue', role: 'transit', externalGateway: ['192.0.2.1'], externalAddress: ['192.0.2.9/24'] },
      },
    )
  })

  it('is what a bad value is called by, when it said it', () => {
    const options = ['vlan=4095']
    assert.throws(() => parseNetworkSpec(added(options), optionName(asNetworkOption, options)), {
      field: '--opt vlan',
    })
    assert.throws(() => parseNetworkSpec({ name: 'blue', vlan: '0' }, optionName(asNetworkOption, [])), {
      field: '--vlan',
    })
  })
})
