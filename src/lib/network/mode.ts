import { BadInput } from '../errors.ts'
import type { NetworkWordName, NetworkWords } from './words.ts'

/** What connects a network to the world: the host as a router, a NIC of the host, or nothing. */
export type Mode = 'nat' | 'flat' | 'l2'

/**
 * The mode of a network, checked against the words that belong to one. Without a word: flat with an uplink; nat with
 * addresses that ovsd gives out and no tunnel (then every host would be the same gateway); else l2. Error: BadInput.
 */
export function parseMode(words: NetworkWords, nameOf: NetworkWordName): Mode {
  const { mode: text, uplink, subnet, vxlan } = words
  if (words.switch !== undefined) return 'l2'
  const hasSubnet = subnet !== undefined && subnet.length > 0
  const mode = text === undefined ? undefined : parse(text, nameOf('mode'))
  if (uplink !== undefined && vxlan !== undefined)
    throw new BadInput(nameOf('uplink'), 'with tunnels between hosts on one LAN, frames would go in circles.', 'l2')
  if (mode === undefined) return uplink !== undefined ? 'flat' : hasSubnet && vxlan === undefined ? 'nat' : 'l2'
  if (mode === 'flat' && uplink === undefined)
    throw new BadInput(nameOf('uplink'), 'a flat network needs the NIC that joins its bridge.', 'eno2')
  if (mode !== 'flat' && uplink !== undefined)
    throw new BadInput(nameOf('uplink'), `only a flat network has one, and this is ${mode}.`, 'flat')
  if (mode === 'nat' && !hasSubnet)
    throw new BadInput(nameOf('subnet'), 'a nat network needs one: the host translates its addresses.', '10.0.0.0/24')
  if (mode === 'nat' && vxlan !== undefined)
    throw new BadInput(nameOf('mode'), 'every host of a tunnel would be the same gateway to it.', 'l2')
  return mode
}

function parse(text: string, field: string): Mode {
  if (text === 'nat' || text === 'flat' || text === 'l2') return text
  throw new BadInput(field, `"${text.slice(0, 80)}" is not a mode.`, 'nat or flat or l2')
}
