import { strict as assert } from 'node:assert'
import { persistKey, persistRecord } from '../../../src/lib/attach/persist.ts'
import { specOf } from '../../../src/lib/attach/marks.ts'
import { targetOf } from '../../../src/lib/attach/target.ts'
import type { Container } from '../../../src/lib/docker/container.ts'
import type { Labels } from '../../../src/lib/docker/labels.ts'
import { columnsOfVlan } from '../../../src/lib/net/vlan.ts'
import { networkRecord } from '../../../src/lib/network/record.ts'
import { attachmentFor } from '../../../src/lib/plan/attach-port.ts'
import { parseAttach, type AttachWords } from '../../../src/lib/plan/request.ts'
import { parsePolicy } from '../../../src/lib/policy/parse-policy.ts'
import { DEFAULT_POLICY, NO_POLICY, type Policy } from '../../../src/lib/policy/policy.ts'
import type { DesiredSource } from '../../../src/lib/reconcile/desired.ts'
import { PersistRecords } from '../../../src/lib/reconcile/persist-records.ts'
import { parseYaml } from '../../../src/lib/system/yaml-file.ts'
import { labelSource } from '../../../src/lib/watch/label-source.ts'
import { judgeBy } from '../../../src/lib/policy/judge-by.ts'
import { bridgesView, type BridgesView } from '../../support/bridges-view.ts'
import { recordedNetwork } from '../../support/networks.ts'
import { attachment, ID } from '../../support/samples.ts'

const ADDRESS = { 'ovs.ip_address': '10.0.0.2/24' }
const EXTERNAL = { 'ovs.external_ip': '203.0.113.50', 'ovs.external_interface': 'eno1' }

const BLUE = { name: 'blue', mode: 'l2', vlan: '30', subnet: ['10.3.0.0/24'] }

const web = (labels: Labels): Container => ({
  ...{ id: ID, name: 'web', pid: 7, running: true, generation: 'g', networkMode: 'none', image: 'sha256:x' },
  labels,
})

describe('labelSource', () => {
  let view: BridgesView
  let policy: Policy
  let image: Labels
  let records: PersistRecords
  let source: DesiredSource
  /** Images that it asked about, and labels that it told of. */
  let asked: string[]

  before(async () => {
    view = await bridgesView({ br0: {}, bn0: { ids: networkRecord(BLUE) } })
  })
  after(() => view[Symbol.asyncDispose]())
  beforeEach(() => {
    policy = DEFAULT_POLICY('br0')
    image = {}
    records = new PersistRecords()
    asked = []
    source = labelSource({
      defaults: { bridge: 'br0', iface: 'eth1' },
      judge: () => judgeBy(policy, view.ovs),
      imageLabels: (id) => {
        asked.push(`image ${id}`)
        return Promise.resolve(image)
      },
      records,
      dropped: ({ name }, labels) => asked.push(`dropped of ${name}: ${labels.join()}`),
    })
  })

  const write = (ids: Readonly<Record<string, string>>): void => {
    records.update([{ uuid: 'u', name: 'br0', datapathType: 'netdev', externalIds: ids }])
  }
  /** `IFACE CODE` of what is refused, `IFACE ADDRESSES` of the rest. */
  const inWords = async (labels: Labels) =>
    (await source.of(web(labels))).map(({ iface, request, refusal }) =>
      `${iface} ${refusal?.code ?? request?.addresses.map(({ text }) => text).join() ?? ''}`.trim(),
    )

  describe('labels', () => {
    it('are requests with the defaults, confined to what the policy allows', async () => {
      const [one, ...more] = await source.of(web(ADDRESS))
      assert.deepEqual([one?.iface, more], ['eth1', []])
      const { bridge, owner, persist, keep, vlan } = one?.request ?? assert.fail('refused')
      assert.deepEqual([bridge, owner, persist, keep], ['br0', 'watch', undefined, undefined])
      assert.deepEqual(vlan, { kind: 'access', tag: 0 })
    })

    it('are worth a look, also those that will be refused', () => {
      for (const name of ['ovs.ip_address', 'ovs.eth2.mtu', 'ovs.', 'ovs.\u0000'])
        assert.equal(source.concerns(ID, { other: 'x', [name]: '' }), true, name)
    })

    it('are none, or are somebody else’s', async () => {
      for (const labels of [{}, { ovs: '1', 'OVS.mtu': '1', 'ovsx.mtu': '1' }]) {
        assert.deepEqual(await source.of(web(labels)), [])
        assert.equal(source.concerns(ID, labels), false)
      }
      assert.deepEqual(asked, [], 'nobody has to look at the image')
    })

    it('are refused one by one', async () => {
      const labels = { ...ADDRESS, 'ovs.eth2.mtu': 'x', 'ovs.eth3.vlna': '7' }
      assert.deepEqual((await inWords(labels)).toSorted(), ['eth1 10.0.0.2/24', 'eth2 BadInput', 'eth3 UnknownLabel'])
    })

    it('that break rules are refused with all of them, each named once', async () => {
      const [one] = await source.of(web({ ...ADDRESS, ...EXTERNAL, 'ovs.bridge': 'br9', 'ovs.trunks': '7' }))
      assert.deepEqual([one?.request, one?.refusal?.code], [undefined, 'PolicyRefused'])
      assert.equal(one?.refusal?.rule, 'built-in: bridges, built-in: trunks, built-in: external')
      assert.match(one.refusal.message, /^ovs\.bridge: .*\. ovs\.trunks: .*\. ovs\.external_ip: .*\.$/)
      const file = 'external: { interfaces: [eno2], subnets: [192.0.2.0/24] }'
      policy = parsePolicy(await parseYaml(file), '/etc/p.yaml', 'br0')
      const [other] = await source.of(web({ ...ADDRESS, ...EXTERNAL }))
      assert.equal(other?.refusal?.rule, 'external')
      assert.match(other.refusal.message, /external_ip: .*external_interface: /)
    })

    it('have their external address where that is allowed', async () => {
      policy = NO_POLICY
      const [one] = await source.of(web({ ...ADDRESS, ...EXTERNAL }))
      assert.deepEqual([one?.request?.external?.ip.text, one?.request?.external?.link], ['203.0.113.50', 'eno1'])
    })

    it('may name a network, where the policy allows it; what that gives is added later', async () => {
      const labels = { 'ovs.network': 'blue', 'ovs.eth2.network': 'green' }
      assert.deepEqual(await inWords(labels), ['eth1 PolicyRefused', 'eth2 NetworkMissing'])
      policy = parsePolicy(await parseYaml('bridges: [bn0]\nnetworks: [blue]'), '/etc/p.yaml', 'br0')
      const [one, ...more] = await source.of(web(labels))
      assert.ok(one?.request !== undefined)
      assert.deepEqual([one.iface, one.network, more.length], ['eth1', recordedNetwork(BLUE), 1])
      const { bridge, vlan, network, persist, addresses } = one.request
      assert.deepEqual(
        [bridge, vlan, network, persist, addresses],
        [...['bn0', { kind: 'access', tag: 30 }, 'blue', true, []]],
      )
    })

    it('are judged by the policy of the moment', async () => {
      assert.deepEqual(await inWords({ ...ADDRESS, 'ovs.trunks': '7' }), ['eth1 PolicyRefused'])
      policy = NO_POLICY
      assert.deepEqual(await inWords({ ...ADDRESS, 'ovs.trunks': '7' }), ['eth1 10.0.0.2/24'])
    })
  })

  describe('labels of the image', () => {
    it('do not count, and that is told', async () => {
      image = { ...ADDRESS, 'ovs.eth2.ip_address': '10.0.0.3/24', version: '1' }
      assert.deepEqual(await inWords({ ...image, 'ovs.eth2.ip_address': '10.0.0.4/24' }), ['eth2 10.0.0.4/24'])
      assert.deepEqual(asked, ['image sha256:x', 'dropped of web: ovs.ip_address'])
    })

    it('are not told of when there are none for ovsd', async () => {
      image = { version: '1' }
      assert.deepEqual(await inWords({ ...ADDRESS, version: '1' }), ['eth1 10.0.0.2/24'])
      assert.deepEqual(asked, ['image sha256:x'])
    })

    it('are not looked up where they count', async () => {
      policy = NO_POLICY
      image = ADDRESS
      assert.deepEqual([await inWords(ADDRESS), asked], [['eth1 10.0.0.2/24'], []])
    })

    it('that cannot be had are no reason to count them', async () => {
      const failing = labelSource({
        ...{ defaults: { bridge: 'br0', iface: 'eth1' }, judge: () => judgeBy(policy, view.ovs), records },
        imageLabels: () => Promise.reject(new Error('no image')),
        dropped: () => assert.fail('told'),
      })
      await assert.rejects(failing.of(web(ADDRESS)), /no image/)
    })
  })

  describe('records', () => {
    const words = (more: Partial<AttachWords>): AttachWords => ({
      ...{ bridge: 'br0', iface: 'eth1', container: ID, persist: true, ipaddress: ['10.0.0.2/24', 'fd00::2/64'] },
      macaddress: '02:42:0a:00:00:02',
      ...more,
    })
    const cases: Readonly<Record<string, Partial<AttachWords>>> = {
      'next to nothing': { ipaddress: [] },
      'addresses and routes': {
        gateway: ['10.0.0.1', 'fd00::1'],
        route: ['10.1.0.0/16,10.0.0.9', 'fd01::/48,fd00::9', '10.2.0.0/16'],
      },
      'an MTU, a rate and a tenant': { mtu: '1400', rate: '64k', tenant: 'blue' },
      'an access VLAN': { vlan: '4094' },
      'a trunk': { trunks: '1,7-9,4094' },
      'a native VLAN alone': { nativeVlan: '5' },
      'a trunk with a native VLAN': { trunks: '10-12', nativeVlan: '5' },
    }
    for (const [what, more] of Object.entries(cases))
      it(`become the request that they were made from, with ${what}`, async () => {
        const request = parseAttach(words(more))
        write(persistRecord(attachmentFor(request, targetOf(web({})))))
        assert.deepEqual(await source.of(web({})), [{ iface: 'eth1', request }])
        assert.equal(source.concerns(ID, {}), true)
        assert.equal(source.concerns('b'.repeat(64), {}), false)
      })

    it('are asked for by the administrator, so no policy is asked', async () => {
      write(persistRecord(attachmentFor(parseAttach(words({ trunks: '7' })), targetOf(web({})))))
      policy = parsePolicy(await parseYaml('bridges: false'), '/etc/p.yaml', 'br0')
      assert.deepEqual([await inWords({}), asked], [['eth1 10.0.0.2/24,fd00::2/64'], []])
    })

    it('that only keep addresses ask for nothing', async () => {
      const request = { ...parseAttach(words({ network: 'blue' })), owner: 'watch' as const }
      write(persistRecord(attachmentFor(request, targetOf(web({})))))
      assert.deepEqual([await source.of(web({})), source.concerns(ID, {})], [[], false])
    })

    it('give way to labels about the same interface, even to refused ones', async () => {
      const record = (iface: string) => persistRecord(attachmentFor(parseAttach(words({ iface })), targetOf(web({}))))
      write({ ...record('eth1'), ...record('eth2') })
      const second = 'eth2 10.0.0.2/24,fd00::2/64'
      assert.deepEqual(await inWords({ 'ovs.ip_address': '10.0.0.9/24' }), ['eth1 10.0.0.9/24', second])
      assert.deepEqual(await inWords({ 'ovs.ip_address': 'x' }), ['eth1 BadInput', second])
    })

    const { mac } = attachment()
    const none = specOf(attachment())
    const good = { name: 'web', vlan: columnsOfVlan({ kind: 'none' }), spec: none }
    const vlan = (columns: object) => ({ vlan: { ...good.vlan, ...columns } })
    const spec = (more: object) => ({ spec: { ...none, ...more } })
    const forged: readonly object[] = [
      ...[0, -1, 0.5, 1e21, 400_000_001].map((rate) => ({ rate })),
      ...['', 'a b', 'a\nb', '$(reboot)', 'x'.repeat(100_000)].map((tenant) => ({ tenant })),
      ...[0, 4095, -1, 1.5, 1e9].map((tag) => vlan({ tag })),
      ...[0, 4095, -1, 1.5].map((tag) => vlan({ trunks: [7, tag], mode: 'trunk' })),
      vlan({ tag: 0, trunks: [7], mode: 'native-untagged' }),
      ...['', 'x', '10.0.0.2/33', '10.0.0.2/24 dev eth0', '127.0.0.1/8'].map((one) => spec({ addresses: [one] })),
      spec({ addresses: ['10.0.0.2/24', '10.0.0.2/16'] }),
      ...['', '10.0.0.1/24', '10.0.0.1\n'].map((one) => spec({ gateways: [one] })),
      spec({ gateways: ['10.0.0.1', '10.0.0.1'] }),
      ...['', 'default', '10.1.0.0/16 via 10.0.0.1'].map((to) => spec({ routes: [{ to }] })),
      spec({ routes: [{ to: '10.1.0.0/16', via: '' }] }),
      spec({ routes: [{ to: '10.1.0.0/16' }, { to: '10.1.0.0/16' }] }),
      ...['', 'x', `${mac} up`, 'ff:ff:ff:ff:ff:ff'].map((one) => spec({ mac: one })),
      ...[0, -1, 67, 1400.5, 1e21].map((mtu) => spec({ mtu })),
    ]
    for (const more of forged)
      it(`that somebody forged are refused as words would be: ${JSON.stringify(more).slice(0, 110)}`, async () => {
        write({
          [persistKey(ID, 'eth1')]: JSON.stringify({ ...good, ...more }),
          [persistKey(ID, 'eth2')]: JSON.stringify(good),
        })
        const [one, other, ...rest] = await source.of(web({}))
        assert.deepEqual([one?.iface, one?.request, one?.refusal?.code, rest], ['eth1', undefined, 'BadInput', []])
        assert.match(one?.refusal?.message ?? '', /^the record on br0: /)
        assert.deepEqual(
          other?.request?.addresses.map(({ text }) => text),
          ['10.0.0.2/24'],
        )
      })

    for (const iface of ['lo', 'a b', '-x', 'sixteen-bytes-xx', 'a/b', '..', 'all', '%d', '\u001B[2J'])
      it(`about an interface that cannot be are refused: ${JSON.stringify(iface)}`, async () => {
        write({ [persistKey(ID, iface)]: JSON.stringify(good) })
        assert.deepEqual(await inWords({}), [`${iface} BadInput`])
      })
  })
})
