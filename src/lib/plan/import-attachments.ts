import { readPersistRecords } from '../attach/persist.ts'
import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { OvsView } from '../ovs/reader.ts'
import { canonical } from '../state/canonical.ts'
import type { KeptAttachment } from '../state/document.ts'
import { attachmentsOnRows } from '../state/collect.ts'
import { refuseBridgeName } from './real-bridge.ts'
import type { ReversibleStep } from './step.ts'
import { bridgeCreate, detectDatapath } from './steps/bridge-create.ts'
import { stateRecords } from './steps/state-records.ts'

/** The record of a persistent attachment, of an import; `message` says what is otherwise. */
export interface ImportedAttachment {
  readonly bridge: string
  readonly container: string
  readonly interface: string
  readonly status: 'restored' | 'unchanged' | 'differs'
  readonly message: string | null
}

/** What is to be done about the attachments of an import. */
export interface AttachmentsToImport {
  readonly results: readonly ImportedAttachment[]
  readonly stages: readonly (readonly ReversibleStep[])[]
  /** Why some cannot be put back, in words. */
  readonly problems: readonly string[]
}

/**
 * Plans the records that no bridge has, on the bridge that each was on, which is created if it is missing, as add-port does.
 * `future` has the bridges that there are by then. Those of `otherNetworks`, which are not what they were, are left out: their
 * addresses may be of no use there.
 */
export async function attachmentsToImport(
  host: Host,
  future: OvsView,
  wanted: readonly KeptAttachment[],
  otherNetworks: readonly string[],
): Promise<AttachmentsToImport> {
  const rows = await future.bridges()
  const bridges = new Set(rows.map(({ name }) => name))
  const there = Map.groupBy(attachmentsOnRows(rows), ({ key }) => key)
  const results = wanted.map((one) => resultOf(one, there.get(one.key) ?? [], otherNetworks))
  const missing = wanted.filter((_, i) => results[i]?.status === 'restored')
  const onBridges = [...Map.groupBy(missing, ({ bridge }) => bridge)]
  const [create, problems]: [ReversibleStep[], string[]] = [[], []]
  for (const [bridge] of onBridges.filter(([name]) => !bridges.has(name))) {
    const problem = await unfit(host, bridge)
    if (problem === undefined) create.push(bridgeCreate(host, bridge, detectDatapath()))
    else problems.push(problem)
  }
  const record = onBridges.map(([bridge, here]) =>
    stateRecords(host, bridge, Object.fromEntries(here.map(({ key, record: value }) => [key, JSON.stringify(value)]))),
  )
  return { results, stages: [create, record], problems }
}

async function unfit(host: Host, bridge: string): Promise<string | undefined> {
  const fake = await host.ovs.fakeBridge(bridge)
  if (fake !== undefined) return `${bridge}: it is VLAN ${String(fake.tag)} of ${fake.parent} now.`
  try {
    await refuseBridgeName(host, bridge)
    return undefined
  } catch (error) {
    if (error instanceof OvsdError) return error.message
    throw error
  }
}

function resultOf(
  wanted: KeptAttachment,
  there: readonly KeptAttachment[],
  otherNetworks: readonly string[],
): ImportedAttachment {
  const [record] = readPersistRecords({ [wanted.key]: JSON.stringify(wanted.record) })
  const about = { bridge: wanted.bridge, container: record?.name ?? '', interface: record?.iface ?? '' }
  const here = there.find(({ bridge }) => bridge === wanted.bridge)
  if (here !== undefined)
    return canonical(here.record) === canonical(wanted.record)
      ? { ...about, status: 'unchanged', message: null }
      : { ...about, status: 'differs', message: 'it is recorded there with other settings' }
  if (record?.network !== undefined && otherNetworks.includes(record.network))
    return { ...about, status: 'differs', message: `its network ${record.network} is another one now` }
  const [other] = there
  return other === undefined
    ? { ...about, status: 'restored', message: null }
    : { ...about, status: 'differs', message: `it is recorded on ${other.bridge}` }
}
