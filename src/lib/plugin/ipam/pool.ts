// Pools of addresses as Docker asks for them, one for each subnet of a network. The id of a pool says all that it is: whoever has
// forgotten everything else can still give addresses of it.
import { createHash, randomBytes } from 'node:crypto'
import { BadInput } from '../../errors.ts'
import { contains, parseNetwork, type Cidr } from '../../net/cidr.ts'
import { ipOfBits, width, type IpAddress } from '../../net/ip-address.ts'
import { BadCall } from '../bad-call.ts'

/** A pool of one network. Another network may have the same subnet: they are different pools. */
export interface Pool {
  /** What Docker names it by: subnet, range and eight hex digits that no other pool has. */
  readonly id: string
  readonly subnet: Cidr
  /** What addresses are given out from. */
  readonly range: Cidr
}

export function newPool(subnet: Cidr, range = subnet): Pool {
  return { id: [subnet.text, range.text, randomBytes(4).toString('hex')].join(','), subnet, range }
}

/** The pool that Docker names. Error: BadCall. */
export function poolNamed(id: string): Pool {
  const [subnet = '', range = '', digits = '', ...more] = id.split(',')
  if (more.length === 0 && /^[0-9a-f]{8}$/.test(digits))
    try {
      return { id, ...partsOf(subnet, range) }
    } catch (error) {
      if (!(error instanceof BadInput)) throw error
    }
  throw new BadCall(
    400,
    id === '' ? 'PoolID is missing' : `PoolID ${JSON.stringify(id.slice(0, 80))} is none of ovsd's`,
  )
}

/** An address of the range that stands for `who`: always the same one, and most likely not that of somebody else. */
export function placeIn({ range }: Pool, who: string): IpAddress {
  const { family, bits } = range.ip
  const hash = BigInt(`0x${createHash('sha256').update(who).digest('hex')}`)
  return ipOfBits(family, bits + (hash & ((1n << BigInt(width(family) - range.prefix)) - 1n)))
}

/** Checks what was typed for `docker network create`; '' for a range is the whole subnet. Error: BadInput. */
export function partsOf(subnetText: string, rangeText: string): Omit<Pool, 'id'> {
  const subnet = parseNetwork(subnetText, '--subnet')
  const range = rangeText === '' ? subnet : parseNetwork(rangeText, '--ip-range')
  if (!contains(subnet, range.ip) || range.prefix < subnet.prefix)
    throw new BadInput('--ip-range', `${range.text} is not a part of ${subnet.text}.`, subnet.text)
  return { subnet, range }
}
