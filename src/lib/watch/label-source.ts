import { wishesOf, type Defaults, type Wish } from '../labels/wishes.ts'
import { withoutImageLabels } from '../labels/image-labels.ts'
import { nameNetwork, PREFIX } from '../labels/keys.ts'
import type { Container } from '../docker/container.ts'
import type { Labels } from '../docker/labels.ts'
import { OvsdError } from '../errors.ts'
import { compactTrunks, describeVlan, vlanOfColumns } from '../net/vlan.ts'
import { parseAttach, type AttachRequest } from '../plan/request.ts'
import type { Judge } from '../policy/judge-by.ts'
import type { Desired, DesiredSource } from '../reconcile/desired.ts'
import type { PersistRecords, RecordOnBridge } from '../reconcile/persist-records.ts'

export interface LabelSourceOptions {
  readonly defaults: Omit<Defaults, 'container' | 'networks'>
  /** Asked anew each time: the policy may be read again. */
  readonly judge: () => Judge
  readonly imageLabels: (image: string) => Promise<Labels>
  readonly records: PersistRecords
  /** Told of labels that came with the image and do not count. */
  readonly dropped: (container: Container, labels: readonly string[]) => void
}

/** What labels ask for, as far as the policy allows it, and what is to be attached again after a restart. */
export function labelSource({ defaults, judge, imageLabels, records, dropped }: LabelSourceOptions): DesiredSource {
  return {
    concerns: (id, labels) => hasOurs(labels) || asking(id).length > 0,
    async of(container) {
      const policy = judge()
      const labels = await countingLabels(container, policy)
      const networks = nameNetwork(labels) ? await policy.networks() : []
      const wishes = wishesOf(labels, { ...defaults, networks, container: container.id })
      const asked = await Promise.all(wishes.map((wish) => judged(wish, policy)))
      const again = asking(container.id).filter(({ iface }) => !asked.some((one) => one.iface === iface))
      return [...asked, ...again.map(attachedAgain)]
    },
  }

  /** The records that ask for something: others keep what labels were given. */
  function asking(id: string): readonly RecordOnBridge[] {
    return records.of(id).filter(({ owner }) => owner !== 'watch')
  }

  async function countingLabels(container: Container, policy: Judge): Promise<Labels> {
    if (policy.imageLabels || !hasOurs(container.labels)) return container.labels
    const counting = withoutImageLabels(container.labels, await imageLabels(container.image))
    if (counting.dropped.length > 0) dropped(container, counting.dropped)
    return counting.labels
  }
}

const hasOurs = (labels: Labels): boolean => Object.keys(labels).some((name) => name.startsWith(PREFIX))

async function judged(wish: Wish, policy: Judge): Promise<Desired> {
  const { iface } = wish
  if (wish.kind === 'refused') return { iface, refusal: wish.refusal }
  const { violations, request } = await policy.judge(wish)
  const { external, network } = wish
  if (violations.length === 0)
    return {
      ...{ iface, request: { ...request, ...(external === undefined ? {} : { external }) } },
      ...(network?.found === undefined ? {} : { network: network.found }),
    }
  return {
    iface,
    refusal: {
      code: 'PolicyRefused',
      message: violations.map(({ message }) => message).join(' '),
      next: 'Who may decide that allows it in the policy file, ovsd-policy(5), and reloads it with SIGHUP.',
      rule: [...new Set(violations.map(({ rule }) => rule))].join(', '),
    },
  }
}

function attachedAgain(record: RecordOnBridge): Desired {
  const { iface } = record
  try {
    return { iface, request: requestOf(record) }
  } catch (error) {
    if (!(error instanceof OvsdError)) throw error
    return { iface, refusal: { code: error.code, message: `the record on ${record.bridge}: ${error.message}` } }
  }
}

/** The request that the record was made from, through the same checks: anybody could have written it. */
function requestOf(record: RecordOnBridge): AttachRequest {
  const { bridge, iface, id, spec, vlan: columns, tenant, network, rate, dhcp } = record
  const vlan = vlanOfColumns(columns)
  // Nobody can ask for it as a VLAN; a port of a network without one has it.
  const isUntaggedOnly = network !== undefined && vlan.kind === 'access' && vlan.tag === 0
  const trunks = vlan.kind === 'trunk' || vlan.kind === 'native' ? compactTrunks(vlan.trunks) : ''
  const request = parseAttach({
    ...{ bridge, iface, container: id, tenant, owner: network === undefined ? 'cli' : 'net', network, persist: true },
    ipaddress: spec.addresses,
    gateway: spec.gateways,
    route: spec.routes.map(({ to, via }) => (via === undefined ? to : `${to},${via}`)),
    macaddress: spec.mac,
    mtu: spec.mtu === null ? undefined : String(spec.mtu),
    vlan: vlan.kind === 'access' && !isUntaggedOnly ? describeVlan(vlan) : undefined,
    trunks: trunks === '' ? undefined : trunks,
    nativeVlan: vlan.kind === 'native' ? String(vlan.tag) : undefined,
    rate: rate === undefined ? undefined : `${String(rate)}k`,
  })
  return { ...request, ...(isUntaggedOnly ? { vlan } : {}), ...(dhcp === true ? { dhcp } : {}) }
}
