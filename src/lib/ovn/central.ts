import { existsSync } from 'node:fs'
import { Refused } from '../errors.ts'
import type { LocalOvn } from './local.ts'
import { parseRemotes, SIDES, type Remotes, type Side } from './remotes.ts'
import type { TlsFiles } from './tls.ts'

/** Where the two databases of OVN are, and who says so. */
export interface Central {
  readonly northbound: Remotes
  readonly southbound: Remotes
  /** `external_ids` of Open_vSwitch; the variables that the tools of OVN honour; sockets on this host. */
  readonly source: 'open_vswitch' | 'environment' | 'sockets'
  readonly tls: TlsFiles | undefined
}

/** Keys of Open_vSwitch's external_ids: ovn-controller reads the second (ovn-controller(8)), docker-ovn-driver the first. */
export const REMOTE_KEYS = { northbound: 'ovn-nb', southbound: 'ovn-remote' } as const satisfies Record<Side, string>
const VARIABLES = { northbound: 'OVN_NB_DB', southbound: 'OVN_SB_DB' } as const satisfies Record<Side, string>

/** Who says where central is, and what. */
type Named = Pick<Central, 'source'> & Readonly<Record<Side, string | undefined>>

/**
 * Finds where central is: by the variables that OVN's own tools honour, else by what Open vSwitch has been told, else by the
 * sockets on this host. Undefined when nobody says. Error: BadInput for what cannot be parsed.
 */
export function centralOf({ externalIds, tls }: LocalOvn, env: NodeJS.ProcessEnv = process.env): Central | undefined {
  const sources: readonly Named[] = [
    { source: 'environment', northbound: env[VARIABLES.northbound], southbound: env[VARIABLES.southbound] },
    {
      source: 'open_vswitch',
      northbound: externalIds[REMOTE_KEYS.northbound],
      southbound: externalIds[REMOTE_KEYS.southbound],
    },
    { source: 'sockets', northbound: socketOf('northbound'), southbound: socketOf('southbound') },
  ]
  // One of them says both: two databases of different centrals would be written and read past each other.
  const named = sources.find((one) => one.northbound !== undefined || one.southbound !== undefined)
  if (named === undefined) return undefined
  // Who knows only the one: the other is where OVN puts it beside it.
  const northbound = named.northbound ?? besides(named.southbound, 'northbound')
  const southbound = named.southbound ?? besides(named.northbound, 'southbound')
  if (northbound === undefined || southbound === undefined) return undefined
  const parse = (side: Side, words: string): Remotes =>
    parseRemotes(words, fieldOf(side, named.source), SIDES[side].port, tls)
  return {
    northbound: parse('northbound', northbound),
    southbound: parse('southbound', southbound),
    source: named.source,
    tls,
  }
}

function fieldOf(side: Side, source: Central['source']): string {
  return source === 'environment' ? VARIABLES[side] : `external_ids:${REMOTE_KEYS[side]} of Open_vSwitch`
}

function socketOf(side: Side): string | undefined {
  const { socket } = SIDES[side]
  return existsSync(socket) ? `unix:${socket}` : undefined
}

/** The connections to the other database of the same servers, by OVN's own ports and sockets. */
export function besides(remotes: string | undefined, side: Side): string | undefined {
  const other = side === 'northbound' ? SIDES.southbound : SIDES.northbound
  const own = SIDES[side]
  return remotes
    ?.replaceAll(new RegExp(`:${String(other.port)}(?=,|$)`, 'g'), `:${String(own.port)}`)
    .replaceAll(other.socket.replace('/run/ovn/', ''), own.socket.replace('/run/ovn/', ''))
}

/** The refusal of what needs a central that nobody has named. */
export const noCentral = (): Refused =>
  new Refused('CentralUnknown', 'This host does not know of any OVN central.', {
    next: 'Make one: ovsd ovn bootstrap; or join that of another host: ovsd ovn join ssl:ADDRESS',
  })
