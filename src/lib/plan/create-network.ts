import { randomBytes } from 'node:crypto'
import { BadInput, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { adoptNetwork, refuseWithoutBridge, type Adopted } from './adopt-network.ts'
import { differences } from './network-differences.ts'
import { describeNetwork, type NetworkResult } from '../network/describe.ts'
import { networksOf, othersThan } from '../network/networks.ts'
import { learntPairs, MADE_FOR_NETWORKS, networkRecord, type Learnt, type RecordedNetwork } from '../network/record.ts'
import { segmentFor } from '../network/segment.ts'
import { readPending, type PendingResult } from '../network/pending.ts'
import { parseNetworkSpec, type NetworkSpec } from '../network/spec.ts'
import { roomTo } from '../network/underlay.ts'
import type { NetworkWords } from '../network/words.ts'
import { keptNetworks } from '../state/collect.ts'
import { networksOnRows, stateNameOf, wordsOf } from '../state/kept-network.ts'
import { storeFor } from '../state/of-host.ts'
import type { Store } from '../state/store.ts'
import type { Prepared } from './prepared.ts'
import { refuseBridgeName } from './real-bridge.ts'
import { guard, type ConfirmWithin } from './confirm-within.ts'
import { refuseIntegrationBridge } from './integration-bridge.ts'
import { MADE_FOR_OVN } from './ovn/chassis-stages.ts'
import { restoreLogicalPorts } from './keep-logical-ports.ts'
import { makeParts, missingOfParts } from './parts/parts.ts'
import { bridgeCreate, detectDatapath } from './steps/bridge-create.ts'
import type { ReversibleStep, Stages } from './step.ts'
import { networkRecordAdd } from './steps/network-record.ts'
import { networkForgotten } from './steps/state-forget.ts'
import { networkKept } from './steps/state-write.ts'

/** What net create answers. */
export interface CreatedNetwork extends NetworkResult {
  /**
   * "completed" when the network was there and something of it was missing: a run had been killed, or somebody took it away.
   * "unchanged" when --may-exist found it done.
   */
  readonly status: 'created' | 'completed' | 'unchanged'
  /** Whether its bridge was made for it: then it goes with it. */
  readonly bridgeCreated: boolean
  /** Until when it has to be confirmed; null when it stays anyway. */
  readonly pending: PendingResult | null
}

/** What is asked beside the network itself. */
export interface CreateOptions {
  /** Be content with one that is there already. */
  readonly mayExist: boolean
  /** Do what is dangerous for the host, too. */
  readonly force?: boolean
  /** Take it back unless it is confirmed (--confirm-within). */
  readonly confirm?: ConfirmWithin | undefined
  /** Gets a copy of the record. */
  readonly store?: Store
  /** Leave what it has on the host beside its record to `completeNetwork`. */
  readonly recordOnly?: boolean
  /** What was known of it when it was lost. */
  readonly learnt?: Learnt
  /** Make the bridge of a network on OVN, too, should this host be no chassis yet. */
  readonly beforeOvn?: boolean
}

/**
 * Looks at the host and plans one network. `words` are what `spec` was made from, and what is recorded. Errors:
 * NetworkExists, NetworkDiffers, SegmentTaken, BridgeNameTaken, BridgeOfOvn, those of its parts and of the database.
 */
export async function createNetwork(
  host: Host,
  typed: NetworkWords,
  wish: NetworkSpec,
  options: CreateOptions,
): Promise<Prepared<CreatedNetwork>> {
  const all = await networksOf(host)
  const same = all.find(({ name }) => name === wish.name)
  // What it was made with is not what would be chosen today.
  if (same !== undefined)
    return existing(host, same, typed.mtu === undefined ? withMtuOf(wish, same) : wish, all, options)
  const adopted =
    options.recordOnly === true ? await asRecorded(host, typed, wish, options) : await adoptNetwork(host, typed, wish)
  const { words, spec: asked } = await withRoom(host, adopted.words, adopted.spec)
  // One that was lost was made before OVN had the bridge, and comes back as it was.
  if (options.recordOnly !== true) await refuseIntegrationBridge(host, asked)
  const bridge = await host.ovs.bridge(asked.bridge)
  if (bridge === undefined) await refuseUnfitBridge(host, asked.bridge)
  // OVN keeps switches apart; their ports have no VLAN.
  const vlan = asked.overlay === undefined ? await segmentFor(host, asked, all, options.force) : undefined
  const id = asked.id ?? randomBytes(32).toString('hex')
  // Before anything is changed: a store that cannot be used is found now.
  const store = storeFor(host, options.store)
  await store?.look({ kind: 'networks', id })
  const made = bridge === undefined
  const { pairs: wait, stages: watched, pending } = guard(host, { ...asked, id }, options.confirm)
  const written = { ...words, id, mode: asked.mode, ...(vlan === undefined ? {} : { vlan: String(vlan) }) }
  const spec: NetworkSpec = asked.overlay === undefined ? { ...asked, id, vlan } : parseNetworkSpec(written)
  const record = networkRecord(written)
  const pairs = { ...record, ...learntPairs(asked.name, options.learnt ?? {}), ...wait }
  const stages = [
    // In the transaction that makes the bridge: never is there one of which nobody knows what it is for.
    made ? [makeBridge(host, asked, pairs)] : [networkRecordAdd(host, asked.bridge, asked.name, pairs)],
    ...watched,
    ...(options.recordOnly === true
      ? []
      : await makeParts(host, spec, { others: othersThan(spec, all), ...forced(options) })),
    ...(store === undefined ? [] : await copies(store, { ...written, bridge: asked.bridge })),
  ]
  return {
    plan: {
      onFailure: 'unwind',
      title: `Create the network ${asked.name} on ${asked.bridge}`,
      stages: stages.filter((steps) => steps.length > 0),
    },
    result: { ...describeNetwork(spec), status: 'created', bridgeCreated: made, pending },
  }
}

/** The integration bridge is made as joining OVN makes it, and goes with that. */
const makeBridge = (
  host: Host,
  { bridge, overlay }: NetworkSpec,
  pairs: Readonly<Record<string, string>>,
): ReversibleStep =>
  overlay === undefined
    ? bridgeCreate(host, bridge, detectDatapath(), { ...MADE_FOR_NETWORKS, ...pairs })
    : bridgeCreate(host, bridge, detectDatapath(), { ...MADE_FOR_OVN, ...pairs }, ['fail_mode=secure'])

/** A record that was lost is what the network was made with: central, which may be away, has nothing to say about it. */
async function asRecorded(
  host: Host,
  words: NetworkWords,
  spec: NetworkSpec,
  { beforeOvn }: CreateOptions,
): Promise<Adopted> {
  if (spec.overlay !== undefined && beforeOvn !== true) await refuseWithoutBridge(host)
  return { words, spec }
}

/** Plans that the copy of a network comes, and that of one of its name goes which the database had lost: nobody wants that one back any more. */
export async function copies(
  store: Store,
  network: NetworkWords & { readonly id: string; readonly bridge: string },
  learnt: Learnt = {},
): Promise<Stages<ReversibleStep>> {
  const lost = (await keptNetworks(store)).filter(({ name, id }) => name === network.name && id !== network.id)
  return [[networkKept(store, network, learnt)], lost.map((one) => networkForgotten(store, one))]
}

/** With the MTU that fits into the tunnels, if nobody asked for one and the way to a remote is a narrow one. */
async function withRoom(
  host: Host,
  words: NetworkWords,
  spec: NetworkSpec,
): Promise<{ readonly words: NetworkWords; readonly spec: NetworkSpec }> {
  if (spec.vxlan === undefined || words.mtu !== undefined) return { words, spec }
  const room = await roomTo(host, spec.vxlan.remotes)
  if (room === undefined || spec.mtu === undefined || room.mtu >= spec.mtu) return { words, spec }
  const narrow = { ...words, mtu: String(room.mtu) }
  return { words: narrow, spec: parseNetworkSpec(narrow) }
}

const withMtuOf = (wish: NetworkSpec, found: RecordedNetwork): NetworkSpec =>
  'spec' in found ? { ...wish, mtu: found.spec.mtu } : wish

const forced = ({ force }: CreateOptions): { readonly force?: true } => (force === true ? { force } : {})

/** A bridge that is not there has to be made. Errors: BadInput (a VLAN bridge), BridgeNameTaken. */
async function refuseUnfitBridge(host: Host, bridge: string): Promise<void> {
  const fake = await host.ovs.fakeBridge(bridge)
  if (fake !== undefined)
    throw new BadInput(
      '--bridge',
      `${bridge} is VLAN ${String(fake.tag)} of ${fake.parent}.`,
      `--bridge ${fake.parent} --vlan ${String(fake.tag)}`,
    )
  await refuseBridgeName(host, bridge)
}

/** There is one of that name: completed when something of it is missing, else left alone. */
async function existing(
  host: Host,
  found: RecordedNetwork,
  asked: NetworkSpec,
  all: readonly RecordedNetwork[],
  options: CreateOptions,
): Promise<Prepared<CreatedNetwork>> {
  const { name } = found
  const look = { next: `Look at it: ovsd net inspect ${name}` }
  const exists = new Refused('NetworkExists', `There is a network ${name} already.`, {
    next: `${look.next}; or be content with it: --may-exist`,
  })
  if (!('spec' in found)) throw exists
  const { spec } = found
  const different = differences(spec, asked)
  if (different.length > 0)
    throw options.mayExist
      ? new Refused('NetworkDiffers', `There is a network ${name} with other settings; ${different.join('; ')}.`, look)
      : exists
  const unchanged = { ...describeNetwork(spec), status: 'unchanged', bridgeCreated: false, pending: null } as const
  if (options.recordOnly === true) return { plan: undefined, result: unchanged }
  const around = { others: othersThan(spec, all), ...forced(options) }
  const [missingParts, copy] = await Promise.all([missingOfParts(host, spec, around), missingCopy(host, name, options)])
  const logical = spec.overlay === undefined ? undefined : await restoreLogicalPorts(host, spec)
  const missing = [
    ...missingParts,
    ...(logical === undefined ? [] : [logical.missing]),
    ...(copy === undefined ? [] : ['its copy in the store']),
  ]
  if (missing.length === 0 && !options.mayExist) throw exists
  const before = readPending((await host.ovs.bridge(spec.bridge))?.externalIds ?? {}, name, spec.id)
  if (missing.length > 0 && before === undefined && options.confirm !== undefined)
    throw new BadInput(
      '--confirm-within',
      `The network ${name} is there already, and stays: taking it back would take it from everybody who is in it.`,
      'nothing, to complete it',
    )
  // What is to be confirmed already.
  const confirm = missing.length === 0 && before === undefined ? undefined : options.confirm
  const { pairs, stages: watched, pending } = guard(host, { ...spec, id: spec.id ?? '' }, confirm, before)
  const waiting = Object.keys(pairs).length === 0 ? [] : [[networkRecordAdd(host, spec.bridge, name, pairs)]]
  const parts = [
    ...(missingParts.length === 0 ? [] : await makeParts(host, spec, around)),
    ...(logical === undefined ? [] : [[logical.step]]),
    ...(copy === undefined ? [] : [[copy]]),
  ]
  if (missing.length > 0 && parts.length === 0)
    throw new Refused('NetworkIncomplete', `There is a network ${name} already, without ${missing.join(', ')}.`, {
      next: `${look.next}; make again what is gone, or this network anew, without it: ovsd net rm ${name}`,
    })
  const stages = [...waiting, ...watched, ...parts]
  return {
    plan:
      stages.length === 0
        ? undefined
        : { onFailure: 'unwind', title: `Complete the network ${name}: ${missing.join(', ')}`, stages },
    result: {
      ...describeNetwork(spec),
      status: parts.length === 0 ? 'unchanged' : 'completed',
      bridgeCreated: false,
      pending,
    },
  }
}

/** What makes the copy of a network that a killed run has left without one; not in the place of one that differs. */
async function missingCopy(host: Host, name: string, options: CreateOptions): Promise<ReversibleStep | undefined> {
  const store = storeFor(host, options.store)
  const kept = networksOnRows(await host.ovs.bridges()).find((one) => one.name === name)?.kept
  if (store === undefined || kept === undefined) return undefined
  const found = await store.look(stateNameOf(kept))
  return found.state === 'missing' ? networkKept(store, { ...wordsOf(kept), id: kept.id }, kept) : undefined
}
