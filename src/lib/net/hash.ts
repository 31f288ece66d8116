const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n

/**
 * FNV-1a, 64 bits, 16 hex digits (draft-eastlake-fnv). It spreads random container ids over names and MACs and is not
 * a defence: whoever uses it checks for a clash. node:crypto would cost start-up time for nothing.
 */
export function fnv1a64(text: string): string {
  let hash = OFFSET
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME)
  // One more round of mixing: FNV's high bits hardly depend on the last characters, and names use the high digits.
  hash = BigInt.asUintN(64, (hash ^ (hash >> 32n)) * 0x9e3779b97f4a7c15n)
  hash ^= hash >> 29n
  return hash.toString(16).padStart(16, '0')
}
