import { BadInput } from '../errors.ts'
import { parseInterface } from '../net/ifname.ts'
import type { NetworkWordName, NetworkWords } from './words.ts'

/** A copy of what goes through a network, sent to somebody who looks at it. */
export interface Mirroring {
  /** Everything in the network, or these containers or ports of it; NAME or CONTAINER:INTERFACE. */
  readonly ports: 'all' | readonly string[]
  /** Container or port that gets the copies; NAME or CONTAINER:INTERFACE. */
  readonly dest: string
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}(:[^:]*)?$/

/** Checks the words of a mirror of a whole network. Error: BadInput. */
export function parseMirroring(words: NetworkWords, nameOf: NetworkWordName): Mirroring | undefined {
  const { mirrorPorts: ports, mirrorDest: dest } = words
  if (ports === undefined && dest === undefined) return undefined
  if (dest === undefined)
    throw new BadInput(nameOf('mirrorDest'), 'somebody has to get the copies.', 'a container or a port')
  if (ports === undefined || ports.length === 0)
    throw new BadInput(nameOf('mirrorPorts'), 'it is missing: whose packets are copied?', 'all')
  for (const [name, word] of [...ports.map((one) => [one, 'mirrorPorts'] as const), [dest, 'mirrorDest'] as const])
    refuseBadEnd(name, nameOf(word))
  if (ports.includes('all') && ports.length > 1)
    throw new BadInput(nameOf('mirrorPorts'), '"all" stands for every port already.', 'all')
  if (ports.includes(dest)) throw new BadInput(nameOf('mirrorDest'), `${dest} is copied itself.`, 'ids')
  return { ports: ports.includes('all') ? 'all' : ports, dest }
}

function refuseBadEnd(name: string, field: string): void {
  if (!NAME.test(name))
    throw new BadInput(field, `${JSON.stringify(name.slice(0, 80))} is no container or port.`, 'web')
  const [kind, iface] = name.split(':')
  if (iface !== undefined && (kind === 'gre' || kind === 'network'))
    throw new BadInput(field, `${name.slice(0, 80)} is for mirrors of their own (ovsd mirror create).`, 'web')
  if (iface !== undefined) parseInterface(iface, field)
}
