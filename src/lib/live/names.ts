// Names that exist on this host now, for prompts and tab completion. An engine or a database that does not answer has
// no names to offer: that is for the command itself to report.
import { readMarks } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { mirrorNameIn, readMirror } from '../network/mirror/record.ts'
import { networksOf } from '../network/networks.ts'
import { readMirrors } from '../ovs/mirror-rows.ts'
import type { PortOnBridge } from '../ovs/reader.ts'

const orNone = async <T>(names: Promise<readonly T[]>): Promise<readonly T[]> => {
  try {
    return await names
  } catch {
    return []
  }
}

const everything = (host: Host): Promise<readonly PortOnBridge[]> => orNone(host.ovs.everything())

/** Names of the bridges. */
export async function liveBridges(host: Host): Promise<readonly string[]> {
  return [...new Set((await everything(host)).map(({ bridge }) => bridge.name))].sort()
}

/** Names of the networks. */
export async function liveNetworks(host: Host): Promise<readonly string[]> {
  return (await orNone(networksOf(host))).map(({ name }) => name)
}

/** Names of the mirrors that can be removed by themselves. */
export async function liveMirrors(host: Host): Promise<readonly string[]> {
  const rows = await orNone(readMirrors(host.database).then(({ rows: found }) => found))
  const names = rows.flatMap((row) => (readMirror(row)?.network === undefined ? [mirrorNameIn(row.externalIds)] : []))
  return names.filter((name) => name !== undefined).sort()
}

/** Names of the running containers, and of those that still have ports. */
export async function liveContainers(host: Host): Promise<readonly string[]> {
  const [containers, ports] = await Promise.all([orNone(host.docker.list()), everything(host)])
  const running = containers.filter((container) => container.running).map(({ name }) => name)
  const recorded = ports
    .map(({ interface: row }) => readMarks(row.externalIds))
    .map(({ name, container }) => name || container)
  return [...new Set([...running, ...recorded])].filter((name) => name !== '').sort()
}

/** Attached interfaces, of the bridge or container named among `words` if there are any such; else the usual names. */
export async function liveInterfaces(host: Host, words: readonly string[]): Promise<readonly string[]> {
  const attached = (await everything(host)).map(({ interface: row, bridge }) => ({
    ...readMarks(row.externalIds),
    bridge: bridge.name,
  }))
  const narrowed = attached.filter(({ iface, bridge }) => iface !== '' && words.includes(bridge))
  const names = [...new Set(narrowed.map(({ iface }) => iface))].sort()
  return names.length > 0 ? names : ['eth1', 'eth2']
}
