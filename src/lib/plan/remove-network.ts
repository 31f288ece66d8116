import { readPersistRecords } from '../attach/persist.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { lookAtMirrors } from '../network/mirror/around.ts'
import type { Mirror } from '../network/mirror/mirror.ts'
import { called, networkNamed, networksOf, partPortsOf, type Network } from '../network/networks.ts'
import { pendingKey } from '../network/pending.ts'
import { isMadeForNetworks, keysOf } from '../network/record.ts'
import { usersOf, type Users } from '../network/users.ts'
import { keptNetworks } from '../state/collect.ts'
import { specOf, type KeptNetwork } from '../state/kept-network.ts'
import { storeFor } from '../state/of-host.ts'
import type { Store } from '../state/store.ts'
import { allOrLast } from './all-or-last.ts'
import { logicalPortName } from '../ovn/nb/logical-port.ts'
import { removal } from './detach-port.ts'
import type { Prepared } from './prepared.ts'
import { removeParts, usersOfParts } from './parts/parts.ts'
import { putsFor } from './keep-mirrors.ts'
import { strayRules } from './stray-rules.ts'
import type { ReversibleStep, Stages, TearDown } from './step.ts'
import { bridgeRemove } from './steps/bridge-remove.ts'
import { recordForget } from './steps/record-forget.ts'
import { networkForgotten } from './steps/state-forget.ts'

/** What net rm answers. */
export interface RemovedNetwork {
  readonly network: string
  readonly bridge: string
  /** Ports that went with it (--force). */
  readonly ports: readonly string[]
  /** Whether its bridge went with it. */
  readonly bridgeRemoved: boolean
  /** "forgotten" when the database had it no more, and only its copy in the store was left. */
  readonly status: 'removed' | 'forgotten'
}

/** What net prune answers. */
export interface PrunedNetworks {
  readonly removed: readonly RemovedNetwork[]
}

/** What is asked beside the network itself. */
export interface RemoveOptions {
  /** Detach what is attached, and remove also one that Docker has made. */
  readonly force?: boolean
  /** Has a copy of the record. */
  readonly store?: Store
}

/**
 * Plans the removal of a network: its record, and its bridge when that was made for networks and nothing else is on it. Of one
 * that the database has lost, or that could not be removed to the end, the copy in the store goes: else it would come back.
 * Errors: NetworkMissing, NetworkDamaged, NetworkOfDocker and NetworkInUse (not with `force`).
 */
export async function removeNetwork(
  host: Host,
  name: string,
  { force, store }: RemoveOptions,
): Promise<Prepared<RemovedNetwork>> {
  const kept = storeFor(host, store)
  const network = await toRemove(host, name, { force, store: kept })
  if ('copies' in network) return forget(host, network)
  if (network.spec.owner === 'plugin' && force !== true) throw ofDocker(network)
  const users = await usersOf(host, network)
  const beside = force === true ? [] : await usersOfParts(host, network.spec)
  if ((isUsed(users) || beside.length > 0) && force !== true) throw inUse(name, users, beside)
  const { plan, bridgesRemoved } = await removalOf(host, [{ network, users }], `Remove the network ${name}`, kept)
  return { plan, result: removed({ network, users }, bridgesRemoved) }
}

/** What only the store knows any more. */
interface Forgotten {
  readonly name: string
  readonly copies: readonly KeptNetwork[]
  readonly store: Store
}

/**
 * The network, as the database has it. Where its record is lost, or damaged and --force is given, its copy says what there is to
 * be removed; if its bridge is gone too, only the copies are left. Errors: NetworkMissing, NetworkDamaged.
 */
async function toRemove(
  host: Host,
  name: string,
  { force, store }: { readonly force: boolean | undefined; readonly store: Store | undefined },
): Promise<Network | Forgotten> {
  const found = called(name, await networksOf(host))
  if (found !== undefined && 'spec' in found) return found
  if (store === undefined || (found !== undefined && force !== true)) return await networkNamed(host, name)
  const copies = (await keptNetworks(store)).filter((one) => one.name === name)
  for (const copy of copies) {
    const [spec, row] = [specOf(copy), await host.ovs.bridge(copy.bridge)]
    if (row === undefined || typeof spec === 'string' || (found !== undefined && found.bridge !== copy.bridge)) continue
    return { name, bridge: copy.bridge, spec }
  }
  return copies.length === 0 || found !== undefined ? await networkNamed(host, name) : { name, copies, store }
}

/** Plans that nothing brings a network back of which the database and the bridges know nothing, with its rules. */
async function forget(host: Host, { name, copies, store }: Forgotten): Promise<Prepared<RemovedNetwork>> {
  const stray = host.isDefaultDatabase ? await strayRules(host) : []
  const rules = await Promise.all(stray.map((one) => one.step()))
  const steps = copies.map((one) => networkForgotten(store, one))
  const [{ bridge } = { bridge: '' }] = copies
  return {
    plan: { onFailure: 'continue', title: `Forget the network ${name}`, stages: allOrLast([rules], [steps]) },
    result: { ...{ network: name, bridge, ports: [], bridgeRemoved: false }, status: 'forgotten' },
  }
}

/** Plans the removal of every network that nobody is in, and that nobody will be in again when it starts. */
export async function pruneNetworks(host: Host, store?: Store): Promise<Prepared<PrunedNetworks>> {
  // Of one whose record is damaged nothing can be said.
  // One of Docker's goes when Docker says so.
  const all = (await networksOf(host)).flatMap((one) => ('spec' in one && one.spec.owner === 'net' ? [one] : []))
  const looked = await Promise.all(
    all.map(async (network) => ({
      ...{ network, users: await usersOf(host, network) },
      beside: await usersOfParts(host, network.spec),
    })),
  )
  const going = looked.filter(({ users, beside }) => !isUsed(users) && beside.length === 0)
  const kept = storeFor(host, store)
  const { plan, bridgesRemoved } = await removalOf(host, going, 'Remove networks that nobody is in', kept)
  return {
    plan: going.length === 0 ? undefined : plan,
    result: { removed: going.map((one) => removed(one, bridgesRemoved)) },
  }
}

interface Going {
  readonly network: Network
  readonly users: Users
}

const isUsed = ({ ports, records }: Users): boolean => ports.length + records.length > 0

const removed = ({ network, users }: Going, bridges: ReadonlySet<string>): RemovedNetwork => ({
  ...{ network: network.name, bridge: network.bridge },
  ports: users.ports.map(({ port }) => port.name),
  bridgeRemoved: bridges.has(network.bridge),
  status: 'removed',
})

/** Ports first; then, of each bridge, the records, or the whole bridge. */
async function removalOf(
  host: Host,
  going: readonly Going[],
  title: string,
  store: Store | undefined,
): Promise<{ readonly plan: TearDown; readonly bridgesRemoved: ReadonlySet<string> }> {
  const ports = going.flatMap(({ users }) => users.ports)
  const logical = going.flatMap(({ network, users }) =>
    network.spec.overlay === undefined ? [] : users.records.map(({ id, iface }) => logicalPortName(id, iface)),
  )
  const detach = await removal(host, ports, { forget: true, logical })
  const names = new Set(going.map(({ network }) => network.name))
  const others = (await networksOf(host)).flatMap((one) => ('spec' in one && !names.has(one.name) ? [one.spec] : []))
  const mirrors = await stopMirrors(host, names)
  // One after the other: parts of several networks may be one thing on the host.
  const parts = await Promise.all(going.map(({ network }) => removeParts(host, network.spec, { others })))
  const last = await Promise.all(
    [...Map.groupBy(going, ({ network }) => network.bridge)].map(async ([bridge, here]) => ({
      ...{ bridge, here },
      isAlone: await isAlone(host, bridge, here),
    })),
  )
  const steps = last.map(({ bridge, here, isAlone: goes }) => {
    if (goes) return bridgeRemove(host, bridge)
    const keys = here.flatMap(({ network, users }) => [
      ...[...keysOf(network.name), pendingKey(network.name)],
      ...users.records.map(({ key }) => key),
    ])
    const names = here.map(({ network }) => network.name).join(', ')
    return recordForget(
      host,
      bridge,
      keys,
      `Forget ${here.length === 1 ? 'the network' : 'the networks'} ${names} on ${bridge}`,
    )
  })
  const copies = store === undefined ? [] : going.map(({ network }) => networkForgotten(store, network.spec))
  return {
    plan: {
      onFailure: 'continue',
      title,
      stages: allOrLast([...mirrors, ...detach.stages, ...parts.flat()], [steps, copies]),
    },
    bridgesRemoved: new Set(last.flatMap((one) => (one.isAlone ? one.bridge : []))),
  }
}

/** Mirrors of these networks select nothing of them any more: their VLANs may be another's soon. */
async function stopMirrors(host: Host, names: ReadonlySet<string>): Promise<Stages<ReversibleStep>> {
  const around = await lookAtMirrors(host)
  const networks = around.networks.filter(({ name }) => !names.has(name))
  const isOf = ({ network, sources }: Mirror): boolean =>
    network === undefined && sources.some((one) => one.kind === 'network' && names.has(one.network))
  return putsFor(host, { ...around, networks }, isOf)
}

/** Whether a bridge was made for networks and has, besides these, no other, and no other port. */
async function isAlone(host: Host, bridge: string, going: readonly Going[]): Promise<boolean> {
  const [row, all, ports, parts] = await Promise.all([
    ...([host.ovs.bridge(bridge), networksOf(host), host.ovs.portsOf(bridge)] as const),
    Promise.all(going.map(({ network }) => partPortsOf(host, network))),
  ])
  const names = new Set(going.map(({ network }) => network.name))
  const attached = going.flatMap(({ users }) => users.ports)
  const mine = new Set([...attached, ...parts.flat()].map(({ port }) => port.name))
  return (
    row !== undefined &&
    isMadeForNetworks(row) &&
    all.every((one) => one.bridge !== bridge || names.has(one.name)) &&
    // Somebody is to be attached there again when his container starts.
    readPersistRecords(row.externalIds).every(({ network = '' }) => names.has(network)) &&
    ports.every((port) => mine.has(port))
  )
}

function ofDocker({ name, title, spec: { id = name } }: Network): Refused {
  return new Refused(
    'NetworkOfDocker',
    `The network ${title ?? name} was made by Docker, which would go on using it.`,
    {
      next: `docker network rm ${title ?? id.slice(0, 12)}; when Docker has it no more: ovsd net rm ${name} --force`,
    },
  )
}

function inUse(name: string, { ports, records }: Users, beside: readonly string[]): Refused {
  const users = [
    ...ports.map(({ marks }) => `${marks.iface} of ${marks.name}`),
    ...records.map((record) => `${record.iface} of ${record.name}, which does not run`),
    ...beside,
  ]
  const more = users.length > 5 ? ` and ${String(users.length - 5)} more` : ''
  return new Refused('NetworkInUse', `The network ${name} is in use by ${users.slice(0, 5).join('; ')}${more}.`, {
    next: `${ports.length + records.length === 0 ? 'Remove' : 'Disconnect'} them first, or with the network: ovsd net rm ${name} --force; ovsd gc forgets containers that were removed.`,
  })
}
