import { strict as assert } from 'node:assert'
import type { ContainerSettings } from '../../../../src/lib/docker/settings.ts'
import { parseIp } from '../../../../src/lib/net/ip-address.ts'
import { createArguments, differences, type Wanted } from '../../../../src/lib/ovn/container/wanted.ts'

const WANTED: Wanted = { image: 'i:1', network: 'n', address: '172.30.0.5', listen: undefined }

const FOUND: ContainerSettings = {
  ...{ id: 'a', labels: {}, state: 'running', restarts: 0, image: 'i:1' },
  ...{ env: ['PATH=/bin', 'OVN_CENTRAL_ADDRESS=172.30.0.5'], addresses: { n: '172.30.0.5' } },
  ...{ mounts: ['ovn-central:/var/lib/ovn'], published: [], privileged: false, readOnly: true },
  ...{ capAdd: [], capDrop: ['ALL'], securityOpt: ['no-new-privileges'], restart: 'unless-stopped' },
}

const listening = (text: string): Wanted => ({ ...WANTED, listen: parseIp(text, 'listen') })

describe('a container that is there, and one that is wanted', () => {
  it('do not differ', () => {
    assert.deepEqual(differences(FOUND, WANTED, true), [])
    // Newer engines write the option out; somebody has put it into another network too.
    const same = { ...FOUND, securityOpt: ['no-new-privileges:true'], addresses: { n: '172.30.0.5', more: '' } }
    assert.deepEqual(differences(same, WANTED, true), [])
  })

  for (const [what, found, words] of [
    ['image', { image: 'j' }, /its image is j, not i:1/],
    ['network', { addresses: { m: '172.30.0.5' } }, /it is in m, not in n/],
    ['network', { addresses: {} }, /it is in no network, not in n/],
    ['address', { addresses: { n: '172.30.0.6' } }, /its address is 172\.30\.0\.6, not 172\.30\.0\.5/],
    ['address', { addresses: { n: '' } }, /its address is not fixed/],
    ['variable', { env: [] }, /does not listen on 172\.30\.0\.5/],
    ['volume', { mounts: ['other:/var/lib/ovn'] }, /mounted other:\/var\/lib\/ovn, not ovn-central:/],
    ['volume', { mounts: [] }, /mounted nothing/],
    ['mount', { mounts: [...FOUND.mounts, '/etc:/etc'] }, /\/etc:\/etc/],
    ['port', { published: [':6641:6641/tcp'] }, /published on :6641, not on nothing/],
    ['restart policy', { restart: 'no' }, /restart policy is no/],
    ['privileges', { privileged: true }, /privileged/],
    ['capabilities', { capDrop: [] }, /has capabilities/],
    ['capabilities', { capAdd: ['NET_ADMIN'] }, /has NET_ADMIN/],
    ['privileges', { securityOpt: [] }, /new privileges/],
    ['files', { readOnly: false }, /own files/],
  ] as const)
    it(`another ${what}: ${words.source}`, () => {
      const found_ = differences({ ...FOUND, ...found }, WANTED, true)
      assert.equal(found_.length, 1, found_.join('; '))
      assert.match(found_[0] ?? '', words)
    })

  it('the image may be any, if none was asked for', () => {
    assert.deepEqual(differences({ ...FOUND, image: 'older' }, WANTED, false), [])
  })

  it('an address of the host, of either IP version', () => {
    for (const ip of ['192.0.2.1', '2001:db8::1']) {
      assert.equal(differences(FOUND, listening(ip), true).length, 1)
      // In any order.
      const published = [`${ip}:6642:6642/tcp`, `${ip}:6641:6641/tcp`]
      assert.deepEqual(differences({ ...FOUND, published }, listening(ip), true), [])
    }
  })

  it('IPv6 has brackets on the command line; nothing is published by itself', () => {
    const line = (wanted: Wanted) => createArguments(wanted, 'r').join(' ')
    assert.match(
      line(listening('2001:db8::1')),
      /--publish \[2001:db8::1\]:6641:6641 --publish \[2001:db8::1\]:6642:6642 /,
    )
    assert.doesNotMatch(line(WANTED), /--publish|-p |-P/)
    assert.match(line(WANTED), /i:1$/)
  })
})
