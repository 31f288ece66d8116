import { strict as assert } from 'node:assert'
import { marksFor, readMarks } from '../../../src/lib/attach/marks.ts'
import { persistRecord } from '../../../src/lib/attach/persist.ts'
import type { Attachment } from '../../../src/lib/attach/attachment.ts'
import type { Container } from '../../../src/lib/docker/container.ts'
import { parseHostCidr } from '../../../src/lib/net/cidr.ts'
import { parseBridge, parseInterface } from '../../../src/lib/net/ifname.ts'
import { parseGateways } from '../../../src/lib/net/route.ts'
import { NO_VLAN } from '../../../src/lib/net/vlan.ts'
import { parseAttach } from '../../../src/lib/plan/request.ts'
import type { Desired } from '../../../src/lib/reconcile/desired.ts'
import { inNetworks, isOpen } from '../../../src/lib/reconcile/in-networks.ts'
import type { OwnPort } from '../../../src/lib/reconcile/own-ports.ts'
import { bridgesView } from '../../support/bridges-view.ts'
import { recordedNetwork } from '../../support/networks.ts'
import { attachment, hostWith, ID, TARGET } from '../../support/samples.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const BLUE = recordedNetwork({
  ...{ name: 'blue', subnet: ['10.3.0.0/24', 'fd03::/64'], gateway: ['10.3.0.1'], auxAddress: ['10.3.0.9'] },
})
const RED = recordedNetwork({ name: 'red', vlan: '7', subnet: ['10.4.0.0/24'], gateway: ['10.4.0.1'] })

/** Without a process, so without any route of its own. */
const WEB: Container = {
  ...{ id: ID, name: 'web', pid: 2 ** 30, running: true, generation: TARGET.generation, networkMode: 'none' },
  ...{ image: 'i', labels: {} },
}

const wish = (
  iface: string,
  network = BLUE,
  addresses: readonly string[] = [],
  gateway: readonly string[] = [],
): Desired => ({
  ...{ iface, network },
  request: parseAttach({ bridge: 'bn0', iface, container: ID, ipaddress: addresses, gateway, network: network.name }),
})

/** The attachment of an interface in blue; `gateways` go through 10.3.0.0/24. */
function had(
  iface: string,
  addresses: readonly string[],
  gateways: readonly string[] = [],
  more: Partial<Attachment> = {},
) {
  const all = addresses.map((text) => parseHostCidr(text))
  return attachment({
    ...{ bridge: parseBridge('bn0'), iface: parseInterface(iface), addresses: all, network: 'blue', persist: true },
    ...{ gateways: parseGateways(gateways, all), owner: 'watch' },
    ...more,
  })
}

function port(of: Attachment): OwnPort {
  const ids = marksFor(of)
  return {
    marks: readMarks(ids),
    where: {
      interface: {
        uuid: 'i',
        name: 'p',
        externalIds: ids,
        type: '',
        options: {},
        ofport: 1,
        error: '',
        rate: 0,
        burst: 0,
      },
      port: {
        ...{ uuid: 'p', name: 'p', vlan: NO_VLAN, vlanColumns: { tag: undefined, trunks: [], mode: '' } },
        ...{ interfaces: [], isProtected: false },
      },
      bridge: { uuid: 'b', name: of.bridge, datapathType: 'netdev', externalIds: {} },
    },
  }
}

interface Around {
  readonly ids?: Readonly<Record<string, string>>
  readonly own?: readonly OwnPort[]
  readonly container?: Container
}

async function settled(desired: readonly Desired[], { ids = {}, own = [], container = WEB }: Around = {}) {
  await using view = await bridgesView({ bn0: { ids } })
  return await inNetworks({ ...hostWith(scriptedRunner().run), ovs: view.ovs }, container, desired, own)
}

/** `IFACE ADDRESSES via GATEWAYS` of each, and `?` where the network is still to give an address. */
const inWords = (all: readonly Desired[]) =>
  all.map((one) => {
    const texts = (items: readonly { readonly text: string }[] = []) => items.map(({ text }) => text).join()
    return `${one.iface} ${texts(one.request?.addresses)} via ${texts(one.request?.gateways)}${isOpen(one) ? ' ?' : ''}`
  })
const placed = async (desired: readonly Desired[], around?: Around) => inWords(await settled(desired, around))

describe('inNetworks', () => {
  it('leaves what is in no network as it is, and asks nobody', async () => {
    const plain: Desired = {
      iface: 'eth1',
      request: parseAttach({ bridge: 'bn0', iface: 'eth1', container: ID, ipaddress: ['10.0.0.2/24'] }),
    }
    const all: readonly Desired[] = [plain, { iface: 'eth2', refusal: { code: 'x', message: 'y' } }]
    assert.equal(await inNetworks(hostWith(scriptedRunner().run), WEB, all, []), all)
  })

  it('leaves open what the container has not had', async () => {
    assert.deepEqual(await placed([wish('eth1')]), ['eth1  via 10.3.0.1 ?'])
    assert.deepEqual(await placed([wish('eth1', BLUE, ['10.3.0.7/24'])]), ['eth1 10.3.0.7/24 via 10.3.0.1 ?'])
  })

  it('finds the addresses on the port, else in the record, and none of another network or interface', async () => {
    const addresses = ['10.3.0.5/24', 'fd03::5/64']
    const before = had('eth1', addresses)
    const both = ['eth1 10.3.0.5/24,fd03::5/64 via 10.3.0.1']
    assert.deepEqual(await placed([wish('eth1')], { own: [port(before)] }), both)
    assert.deepEqual(await placed([wish('eth1')], { ids: persistRecord(before) }), both)
    const newer = had('eth1', ['10.3.0.6/24'])
    assert.deepEqual(await placed([wish('eth1')], { own: [port(newer)], ids: persistRecord(before) }), [
      'eth1 10.3.0.6/24,fd03::5/64 via 10.3.0.1',
    ])
    const others = [
      had('eth2', addresses),
      had('eth1', addresses, [], { network: 'red' }),
      had('eth1', addresses, [], { target: { ...TARGET, id: 'b'.repeat(64) } }),
    ]
    for (const other of others)
      assert.deepEqual(await placed([wish('eth1')], { ids: persistRecord(other) }), ['eth1  via 10.3.0.1 ?'])
    for (const other of others.slice(0, 2))
      assert.deepEqual(await placed([wish('eth1')], { own: [port(other)] }), ['eth1  via 10.3.0.1 ?'])
    assert.deepEqual(
      await placed([wish('eth1')], { own: [port(had('eth1', addresses, [], { bridge: parseBridge('bn1') }))] }),
      ['eth1  via 10.3.0.1 ?'],
    )
  })

  it('takes with it which addresses may become others', async () => {
    const [one] = await settled([wish('eth1', BLUE, ['10.3.0.7/24'])], {
      ids: persistRecord(had('eth1', ['10.3.0.5/24', 'fd03::5/64'])),
    })
    assert.ok(one?.request !== undefined)
    assert.deepEqual(
      [one.kept?.map(({ text }) => text), inWords([one])],
      [['fd03::5/64'], ['eth1 10.3.0.7/24,fd03::5/64 via 10.3.0.1']],
    )
  })

  it('does not keep what the network has for something else, or not any more', async () => {
    for (const address of ['10.3.0.1/24', '10.3.0.9/24', '10.5.0.2/24'])
      assert.deepEqual(await placed([wish('eth1')], { ids: persistRecord(had('eth1', [address])) }), [
        'eth1  via 10.3.0.1 ?',
      ])
    const [[key, value] = ['', '']] = Object.entries(persistRecord(had('eth1', ['10.3.0.5/24'])))
    const ids = { [key]: value.replace('10.3.0.5/24', 'x') }
    assert.deepEqual(await placed([wish('eth1')], { ids }), ['eth1  via 10.3.0.1 ?'])
  })

  describe('gateways', () => {
    const red = wish('eth2', RED, ['10.4.0.2/24'])
    const blue = wish('eth1')

    it('are of the first of several networks', async () => {
      assert.deepEqual(await placed([blue, red]), ['eth1  via 10.3.0.1 ?', 'eth2 10.4.0.2/24 via '])
      assert.deepEqual(await placed([red, blue]), ['eth2 10.4.0.2/24 via 10.4.0.1', 'eth1  via  ?'])
    })

    it('are not added to those that labels or records ask for, wherever they stand', async () => {
      const asked = wish('eth3', RED, ['10.4.0.3/24'], ['10.4.0.254'])
      assert.deepEqual(await placed([blue, asked]), ['eth1  via  ?', 'eth3 10.4.0.3/24 via 10.4.0.254'])
    })

    it('stay with the port that has them, for this life of the container', async () => {
      const own = [port(had('eth2', ['10.4.0.2/24'], ['10.4.0.1'], { network: 'red' }))]
      assert.deepEqual(await placed([blue, red], { own }), ['eth1  via  ?', 'eth2 10.4.0.2/24 via 10.4.0.1'])
      const again = { own, container: { ...WEB, generation: 'next' } }
      assert.deepEqual(await placed([blue, red], again), ['eth1  via 10.3.0.1 ?', 'eth2 10.4.0.2/24 via '])
    })

    it('that the network has no longer are not kept', async () => {
      const own = [port(had('eth1', ['10.3.0.5/24', 'fd03::5/64'], ['10.3.0.254']))]
      assert.deepEqual(await placed([blue], { own }), ['eth1 10.3.0.5/24,fd03::5/64 via 10.3.0.1'])
    })

    it('are of the versions of which the container has no default route elsewhere', async () => {
      // A process of this host, which need not have any; the tests with containers have one.
      const here = await placed([blue], { container: { ...WEB, pid: process.pid } })
      assert.match(here.join(), /^eth1 {2}via (10\.3\.0\.1)? \?$/)
    })
  })
})
