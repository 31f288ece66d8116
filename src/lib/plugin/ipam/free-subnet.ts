// A subnet for a network for which nobody named one.
import { randomBytes } from 'node:crypto'
import { answers } from '../../attach/external-answers.ts'
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { overlaps, parseNetwork, type Cidr } from '../../net/cidr.ts'
import { ipOfBits } from '../../net/ip-address.ts'

/** Private (RFC 1918), beside what Docker chooses from for its own networks. */
const FROM = parseNetwork('10.224.0.0/11', 'subnet')
const PREFIX = 24

/**
 * The first subnet of that IP version that none of `others` overlaps and the host has no route to. Errors: PoolExhausted,
 * CommandFailed.
 */
export async function freeSubnet(
  host: Host,
  isIpv6: boolean,
  others: readonly Cidr[],
  signal: AbortSignal,
): Promise<Cidr> {
  if (isIpv6) return localUnique()
  const routes = await answers<{ readonly dst: string }>(
    host.run,
    ['-4', 'route', 'show', 'table', 'all', 'root', FROM.text],
    signal,
  )
  const taken = [...others, ...routes.map(({ dst }) => parseNetwork(dst.includes('/') ? dst : `${dst}/32`, 'route'))]
  const size = 1n << BigInt(32 - PREFIX)
  for (let bits = FROM.ip.bits; bits < FROM.ip.bits + (1n << BigInt(32 - FROM.prefix)); bits += size) {
    const subnet = parseNetwork(`${ipOfBits(4, bits).text}/${String(PREFIX)}`, 'subnet')
    if (!taken.some((one) => overlaps(one, subnet))) return subnet
  }
  throw new Refused('PoolExhausted', `Of ${FROM.text} no subnet is left for a network.`, {
    next: 'Name one: docker network create --subnet 10.0.0.0/24 …',
  })
}

/** One that nobody else has made up (RFC 4193, section 3.2). */
function localUnique(): Cidr {
  const id = randomBytes(5).toString('hex')
  return parseNetwork(`fd${id.slice(0, 2)}:${id.slice(2, 6)}:${id.slice(6)}::/64`, 'subnet')
}
