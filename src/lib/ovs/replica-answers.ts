// The questions of OvsView, answered from a copy.
import type { FakeBridge, InterfaceQuery, PortOnBridge } from './reader.ts'
import { pairKey } from './replica-index.ts'
import type { Copy } from './replica-copy.ts'
import type { BridgeRow, InterfaceRow } from './rows.ts'

export function bridgeNamed(copy: Copy, name: string): BridgeRow | undefined {
  return copy.bridges.get(copy.bridgesByName.first(name) ?? '')
}

export function fakeBridgeNamed(copy: Copy, name: string): FakeBridge | undefined {
  const port = copy.ports.get(copy.portsByName.first(name) ?? '')
  if (port?.vlan.kind !== 'access' || !copy.fakeBridges.has(port)) return undefined
  const parent = copy.bridgeOf(port)?.name
  return parent === undefined ? undefined : { parent, tag: port.vlan.tag }
}

export function interfacesMatching(copy: Copy, query: InterfaceQuery): readonly InterfaceRow[] {
  const has = Object.entries(query.has ?? {})
  const lacks = Object.entries(query.lacks ?? {})
  const found: InterfaceRow[] = []
  // One loop: some questions are about all rows of a kind, and hundreds may be asked at one moment.
  for (const id of candidates(copy, query.name, has)) {
    const row = copy.interfaces.get(id)
    if (row === undefined || (query.name !== undefined && row.name !== query.name)) continue
    if (query.type !== undefined && row.type !== query.type) continue
    const ids = row.externalIds
    if (lacks.some(([key, value]) => ids[key] === value)) continue
    if (has.every(([key, value]) => ids[key] === value)) found.push(row)
  }
  return found
}

/** Rows among which those are that match: by the index that gives the fewest. */
function candidates(copy: Copy, name: string | undefined, has: readonly [string, string][]): Iterable<string> {
  if (name !== undefined) return copy.interfacesByName.of(name)
  const keys = has.map((pair) => pairKey(...pair))
  const sizes = keys.map((key) => copy.interfacesByPair.count(key))
  const rarest = keys[sizes.indexOf(Math.min(...sizes))]
  return rarest === undefined ? copy.interfaces.ids() : copy.interfacesByPair.of(rarest)
}

export function onBridge(copy: Copy, bridge: BridgeRow): readonly PortOnBridge[] {
  return [...(copy.members.get(bridge.uuid) ?? [])].flatMap((id) => {
    const port = copy.ports.get(id)
    const rows = port?.interfaces.map((one) => copy.interfaces.get(one)).filter((row) => row !== undefined) ?? []
    return port === undefined ? [] : rows.map((row) => ({ interface: row, port, bridge }))
  })
}

export function everywhere(copy: Copy): readonly PortOnBridge[] {
  return [...copy.bridges.entries()].flatMap(([, bridge]) => onBridge(copy, bridge))
}
