// How long a packet may be in the tunnels of a network, by what lies between its hosts.
import { OvsdError } from '../errors.ts'
import { waysTo } from '../net/way-to.ts'
import type { RecordedNetwork } from '../network/record.ts'
import { OVERHEAD } from '../network/vxlan.ts'
import type { Runner } from '../system/runner.ts'

/** The way to the other host that leaves the least room. */
export interface Room {
  /** Most that a packet may have inside, in bytes. */
  readonly bytes: number
  readonly remote: string
  /** The device by which this host gets there, and what that carries. */
  readonly dev: string
  readonly mtu: number
}

/** The rooms of all networks with tunnels, by bridge and name; a network whose other hosts cannot be reached has none. */
export async function roomsOf(run: Runner, networks: readonly RecordedNetwork[]): Promise<ReadonlyMap<string, Room>> {
  const tunnelled = networks.flatMap((one) => {
    const remotes = 'spec' in one ? (one.spec.vxlan?.remotes ?? []) : []
    return remotes.length === 0 ? [] : [{ key: roomKey(one), remotes }]
  })
  const all = tunnelled.flatMap(({ remotes }) => remotes)
  if (all.length === 0) return new Map()
  const ways = await waysTo(run, all).catch((error: unknown) => {
    // That ip is missing is said by host.tools.
    if (error instanceof OvsdError) return new Map<string, never>()
    throw error
  })
  return new Map(
    tunnelled.flatMap(({ key, remotes }) => {
      const rooms = remotes.flatMap(({ text, family }): Room[] => {
        const way = ways.get(text)
        return way === undefined
          ? []
          : [{ bytes: way.mtu - OVERHEAD[family], remote: text, dev: way.dev, mtu: way.mtu }]
      })
      const [least] = rooms.sort((a, b) => a.bytes - b.bytes)
      return least === undefined ? [] : [[key, least] as const]
    }),
  )
}

export const roomKey = ({ bridge, name }: Pick<RecordedNetwork, 'bridge' | 'name'>): string => `${bridge} ${name}`
