import { strict as assert } from 'node:assert'
import { parseNetwork } from '../../../../src/lib/net/cidr.ts'
import { parseIp } from '../../../../src/lib/net/ip-address.ts'
import { dhcpOptions, dhcpServerMac, type DhcpWords } from '../../../../src/lib/ovn/nb/dhcp-options.ts'

const ip = (text: string) => parseIp(text, 'test')
const ID = 'ab'.repeat(32)
const cidr = parseNetwork('10.5.0.0/24', 'test')
const mac = dhcpServerMac(ID)

describe('DHCP options', () => {
  it('are what OVN reads', () => {
    assert.match(mac, /^02(:[0-9a-f]{2}){5}$/)
    const gateway = ip('10.5.0.1')
    assert.deepEqual(dhcpOptions(ID, { cidr, gateway, dns: [], mtu: 1442, leaseSeconds: 600 }), {
      ...{ server_id: '10.5.0.1', server_mac: mac, lease_time: '600', router: '10.5.0.1', mtu: '1442' },
    })
    assert.deepEqual(dhcpOptions(ID, { cidr, server: ip('10.5.0.2'), dns: [ip('192.0.2.1'), ip('192.0.2.2')] }), {
      ...{ server_id: '10.5.0.2', server_mac: mac, lease_time: '3600', dns_server: '{192.0.2.1, 192.0.2.2}' },
    })
    assert.deepEqual(dhcpOptions(ID, { cidr: parseNetwork('fd05::/64', 'test'), dns: [ip('fd05::53')] }), {
      ...{ server_id: mac, dns_server: 'fd05::53' },
    })
  })

  const gateway = ip('10.5.0.1')
  const bad: readonly [string, DhcpWords, RegExp][] = [
    ['no server', { cidr, dns: [] }, /need an address of 10\.5\.0\.0\/24/],
    ['a server elsewhere', { cidr, gateway, server: ip('10.6.0.1'), dns: [] }, /10\.6\.0\.1 is not in/],
    ['a router elsewhere', { cidr, gateway: ip('10.6.0.1'), server: gateway, dns: [] }, /10\.6\.0\.1 is not in/],
    ['name servers of IPv6 for IPv4', { cidr, gateway, dns: [ip('fd05::53')] }, /fd05::53 cannot be told/],
    ['an MTU that fits nobody', { cidr, gateway, dns: [], mtu: 67 }, /67 is not from 68/],
    ['an MTU with a fraction', { cidr, gateway, dns: [], mtu: 1400.5 }, /1400\.5 is not from 68/],
    ['a lease of no time', { cidr, gateway, dns: [], leaseSeconds: 0 }, /0 is not from 60/],
  ]
  for (const [what, words, message] of bad)
    it(`refuses ${what}`, () => {
      assert.throws(() => dhcpOptions(ID, words), { code: 'BadInput', message })
    })
})
