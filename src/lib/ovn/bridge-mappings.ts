import { BadInput } from '../errors.ts'
import { parseBridge } from '../net/ifname.ts'

/** Physical networks and the bridges of this host that lead to them (ovn-controller(8), ovn-bridge-mappings). */
export type BridgeMappings = ReadonlyMap<string, string>

/** Parses PHYSNET:BRIDGE words. Error: BadInput. */
export function parseBridgeMappings(words: readonly string[], field = '--bridge-mapping'): BridgeMappings {
  const all = new Map<string, string>()
  for (const word of words.flatMap((one) => one.split(','))) {
    const [, physnet, bridge] = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,62}):([^:]+)$/.exec(word) ?? []
    if (physnet === undefined || bridge === undefined)
      throw new BadInput(field, `"${word.slice(0, 80)}" is not a physical network and a bridge.`, 'physnet1:br-ex')
    if (all.has(physnet)) throw new BadInput(field, `${physnet} has two bridges.`, 'physnet1:br-ex')
    all.set(physnet, bridgeOf(physnet, bridge, field))
  }
  return all
}

function bridgeOf(physnet: string, bridge: string, field: string): string {
  try {
    return parseBridge(bridge, field)
  } catch {
    throw new BadInput(field, `"${bridge.slice(0, 80)}" is no name of a bridge.`, `${physnet}:br-ex`)
  }
}

/** What a host has, and what is to be there as well; in the words of ovn-controller. Those that others have written stay. */
export function withMappings(now: string, more: BridgeMappings): string {
  const pairs = now.split(',').flatMap((pair) => (pair === '' ? [] : [[pair.replace(/:.*/s, ''), pair] as const]))
  const wanted = [...more].map(([physnet, bridge]) => [physnet, `${physnet}:${bridge}`] as const)
  return [...new Map([...pairs, ...wanted]).values()].join(',')
}
