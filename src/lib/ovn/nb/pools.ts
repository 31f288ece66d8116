// Which addresses of a logical network are in use: pairs of its switch's external_ids, `ovsd_used.FIRST`, one for each 64
// addresses that hold a used one, as 16 hex digits, the lowest bit for the lowest address. The ports have their addresses in
// marks of their own, but among 10,000 ports such a question takes the server 5 to 9 ms, and this none.
import { isIPv4 } from 'node:net'
import { isNotAHost, type Cidr } from '../../net/cidr.ts'
import { ipOfBits, isIpv6, parseIp, width, type Family, type IpAddress } from '../../net/ip-address.ts'
import { map } from '../../ovsdb/values.ts'
import { expectSome, hasIds, isRow, keys, mutate, type Change, type Ids } from '../../ovsdb/operations.ts'

const USED = 'ovsd_used.'
const NEXT = 'ovsd_next.'
const CHUNK = 64n
const NONE = '0'.repeat(16)
const FULL = (1n << CHUNK) - 1n

/** The addresses of one IP version that are given out, without those that are kept for something else. */
export interface AddressPool {
  readonly family: Family
  readonly first: bigint
  readonly last: bigint
  readonly kept: readonly bigint[]
  /** For messages: 10.0.0.0/24. */
  readonly text: string
}

/** What a pool is made of: the addresses in `range` that hosts of `cidr` can have, and that nothing else does. */
export interface PoolParts {
  readonly cidr: Cidr
  readonly range: Cidr
  readonly gateway: IpAddress | undefined
  readonly aux: readonly { readonly ip: IpAddress }[]
}

export function poolOf({ cidr, range, gateway, aux }: PoolParts): AddressPool {
  const { family } = cidr.ip
  const first = range.ip.bits
  const last = first + (1n << BigInt(width(family) - range.prefix)) - 1n
  // A network of IPv6 has an address of its own, too (RFC 4291, 2.6.1), and /31 and /127 have none (RFC 3021, RFC 6164).
  const network = cidr.ip.bits === first && cidr.prefix < width(family) - 1 ? [first] : []
  const broadcast = isNotAHost(cidr, ipOfBits(family, last)) ? [last] : []
  const others = [gateway?.bits, ...aux.map(({ ip }) => ip.bits)].filter((bits) => bits !== undefined)
  return { family, first, last, kept: [...network, ...broadcast, ...others], text: range.text }
}

const chunkKey = ({ family, bits }: IpAddress): string => `${USED}${ipOfBits(family, bits - (bits % CHUNK)).text}`
const bitOf = ({ bits }: IpAddress): bigint => 1n << (bits % CHUNK)

/** The used ones of 64 addresses. What nobody can read is taken for used: nothing of it is given out then. */
function chunkOf(ids: Ids, key: string): bigint {
  const text = ids[key] ?? NONE
  return /^[0-9a-f]{16}$/.test(text) ? BigInt(`0x${text}`) : FULL
}

/** Whether an address is in use, by the external_ids of the switch. */
export const isUsed = (ids: Ids, ip: IpAddress): boolean => (chunkOf(ids, chunkKey(ip)) & bitOf(ip)) !== 0n

/**
 * The next free address of a pool, after the one that was given out last, so that one that was released is not soon somebody
 * else's. `over` passes over that many free ones: who was just too late does not run into the same others again.
 * Those of `except` are somebody's who has not written it down yet. Undefined when none is left.
 */
export function nextFree(
  ids: Ids,
  pool: AddressPool,
  over = 0,
  except: (ip: IpAddress) => boolean = () => false,
): IpAddress | undefined {
  const { family, first, last } = pool
  const begin = beginOf(ids, pool)
  const kept = new Set(pool.kept)
  let found: IpAddress | undefined
  let left = over
  for (const [from, to] of [
    [begin, last],
    [first, begin - 1n],
  ] as const)
    for (let bits = from; bits <= to; bits++) {
      const ip = ipOfBits(family, bits)
      const used = chunkOf(ids, chunkKey(ip))
      if (used === FULL) bits += CHUNK - 1n - (bits % CHUNK)
      else if ((used & bitOf(ip)) === 0n && !kept.has(bits) && !except(ip)) {
        found = ip
        if (left-- === 0) return ip
      }
    }
  return found
}

function beginOf(ids: Ids, { family, first, last }: AddressPool): bigint {
  const text = ids[`${NEXT}${String(family)}`] ?? ''
  if (isIPv4(text) !== (family === 4) || (family === 6 && !isIpv6(text))) return first
  const { bits } = parseIp(text, NEXT)
  return bits < first || bits > last ? first : bits
}

/** The pairs of external_ids that say where to begin next time, after these addresses were given out. */
const nextPairs = (given: readonly IpAddress[]): Ids =>
  Object.fromEntries(
    given.map(({ family, bits }) => [
      `${NEXT}${String(family)}`,
      ipOfBits(family, BigInt.asUintN(width(family), bits + 1n)).text,
    ]),
  )

/** What a change of addresses in use is about; `given` are those of `take` that were chosen and not asked for. */
export interface Uses {
  readonly take?: readonly IpAddress[]
  readonly release?: readonly IpAddress[]
  readonly given?: readonly IpAddress[]
}

/** The keys of a switch's external_ids that an address is noted in, or that say where to begin. */
export const isAddressKey = (key: string): boolean => key.startsWith(USED) || key.startsWith(NEXT)

/**
 * Changes that note addresses as used and unused. They fail, as a Conflict, when one of the 64 around each address was taken
 * or released since `ids` was read. `ids` are the external_ids of the switch with this UUID.
 */
export function noteUses(uuid: string, ids: Ids, { take = [], release = [], given = [] }: Uses): readonly Change[] {
  const after = new Map<string, bigint>()
  const now = (key: string): bigint => after.get(key) ?? chunkOf(ids, key)
  for (const ip of release) after.set(chunkKey(ip), now(chunkKey(ip)) & ~bitOf(ip))
  for (const ip of take) after.set(chunkKey(ip), now(chunkKey(ip)) | bitOf(ip))
  const changes = [...after].flatMap(([key, used]) => exchange(uuid, key, ids[key], used))
  if (given.length === 0) return changes
  const next = nextPairs(given)
  const hint = mutate(
    ...['Logical_Switch', isRow(uuid)],
    ...[['external_ids', 'delete', keys(Object.keys(next))] as const, ['external_ids', 'insert', map(next)] as const],
  )
  return [...changes, hint]
}

function exchange(uuid: string, key: string, before: string | undefined, used: bigint): readonly Change[] {
  const pair = { [key]: before ?? NONE }
  const text = used.toString(16).padStart(16, '0')
  if (before === undefined ? used === 0n : text === before) return []
  const where = isRow(uuid)
  return [
    // A condition can ask for a pair, not for the absence of a key. What is inserted where a key is does nothing: so after
    // this, the pair is there if the key was not, and not if somebody else's is.
    ...(before === undefined ? [mutate('Logical_Switch', where, ['external_ids', 'insert', map(pair)])] : []),
    expectSome('Logical_Switch', [...where, hasIds(pair)]),
    mutate(
      ...['Logical_Switch', where],
      ...[['external_ids', 'delete', map(pair)] as const],
      ...(used === 0n ? [] : [['external_ids', 'insert', map({ [key]: text })] as const]),
    ),
  ]
}

/** The pairs that would be right if just these addresses were used. */
export function usedPairs(ips: readonly IpAddress[]): Ids {
  const chunks = new Map<string, bigint>()
  for (const ip of ips) chunks.set(chunkKey(ip), (chunks.get(chunkKey(ip)) ?? 0n) | bitOf(ip))
  return Object.fromEntries([...chunks].map(([key, used]) => [key, used.toString(16).padStart(16, '0')]))
}

/** Changes that put the notes right; they fail, as a Conflict, when one of those that are wrong has changed since. */
export function correctUses(uuid: string, ids: Ids, used: readonly IpAddress[]): readonly Change[] {
  const right = usedPairs(used)
  const wrong = new Set([...Object.keys(ids).filter((key) => key.startsWith(USED)), ...Object.keys(right)])
  return [...wrong].flatMap((key) =>
    ids[key] === right[key] ? [] : exchange(uuid, key, ids[key], BigInt(`0x${right[key] ?? '0'}`)),
  )
}
