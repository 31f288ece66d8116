import { strict as assert } from 'node:assert'
import { inDockersWords } from '../../../src/lib/plugin/dockers-words.ts'

const TEXTS: Readonly<Record<string, string>> = {
  '--uplink: a flat network needs the NIC.\nA good value looks like this: --uplink eth1':
    '--opt uplink: a flat network needs the NIC.\nA good value looks like this: --opt uplink=eth1',
  'Say which logical switch: --switch NAME': 'Say which logical switch: --opt ovn.switch=NAME',
  '--vxlan 192.0.2.2 --opt key 7': '--opt vxlan=192.0.2.2 --opt key=7',
  'Choose another one with --vlan, or none: then a free one is taken.':
    'Choose another one with --opt vlan, or none: then a free one is taken.',
  'Choose another one with --vlan, or none: then a free one is taken; to join them: --force; if the container was removed: ovsd gc --vlan':
    'Choose another one with --opt vlan, or none: then a free one is taken; if the container was removed: ovsd gc --vlan',
  'Give it an interface of its own: ovsd add-port br0 mon0 ids; or accept that with --force':
    'Give it an interface of its own: ovsd add-port br0 mon0 ids',
  'Choose another subnet. If what is there now need not be reached any more: --force': 'Choose another subnet.',
  'eth0 is not safe to take: it is wireless.\nIf it has to be, --force, which moves its addresses and routes to br1; with --confirm-within 60s it is given back unless you type: ovsd net confirm blue':
    'eth0 is not safe to take: it is wireless.\nChoose a NIC that this host itself does not need',
  'One bridge keeps them apart: --mode l2.': 'One bridge keeps them apart: --opt mode=l2.',
  '--physnet physnet1 --opt vlan 9': '--opt ovn.physnet=physnet1 --opt vlan=9',
  '--mirror-ports: it is missing': '--opt mirror.ports: it is missing',
  '--mtu=1400, please': '--opt mtu=1400, please',
  'Leave out --dhcp ovn, or say --opt ovn.switch=blue': 'Leave out --opt dhcp=ovn, or say --opt ovn.switch=blue',
  // Docker has these itself.
  '--subnet 10.0.0.0/24 --gateway 10.0.0.1 --ip-range 10.0.0.0/25':
    '--subnet 10.0.0.0/24 --gateway 10.0.0.1 --ip-range 10.0.0.0/25',
  // And these are somebody else's.
  'Type: ovsd net create tt --role transit': 'Type: ovsd net create tt --role transit',
  'docker run --vlan-like --keys': 'docker run --vlan-like --keys',
}

describe('what Docker prints', () => {
  for (const [text, expected] of Object.entries(TEXTS))
    it(`tells options of docker network create: ${text.split('\n')[0] ?? ''}`, () => {
      assert.equal(inDockersWords(text), expected)
    })

  it('is the same when it is told again', () => {
    for (const text of Object.values(TEXTS)) assert.equal(inDockersWords(text), text)
  })
})
