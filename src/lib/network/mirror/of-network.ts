import type { NetworkSpec } from '../spec.ts'
import { nameForNetwork, type Mirror, type MirrorEnd } from './mirror.ts'

/** The mirror that a network asks for, if it does. `force`: whoever gets the copies may be used for something else. */
export function mirrorOfNetwork({ name, bridge, mirroring }: NetworkSpec, force = false): Mirror | undefined {
  if (mirroring === undefined) return undefined
  const { ports, dest } = mirroring
  return {
    ...{ name: nameForNetwork(name), bridge, network: name, direction: 'both' },
    sources: ports === 'all' ? [{ kind: 'network', network: name }] : ports.map(endNamed),
    dest: endNamed(dest),
    ...(force ? { force } : {}),
  }
}

/** NAME or NAME:INTERFACE. */
function endNamed(text: string): MirrorEnd {
  const [name = '', iface] = text.split(':')
  return { kind: 'name', name, ...(iface === undefined ? {} : { iface }) }
}
