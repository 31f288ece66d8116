// What a port is used for. Open vSwitch gives a port that gets copies nothing else, and drops what comes from it
// (ovs-vswitchd.conf.db(5), Mirror, output_port): for whoever uses it for anything else it is dead. Pure: the same for those
// who make mirrors, keep them and show them.
import type { MirrorPort } from './ports.ts'

/** Addresses that the host has on devices of its own, by their names; devices without any may be missing. */
export type HostAddresses = ReadonlyMap<string, readonly string[]>

export interface Use {
  /** In words: "has the address 10.0.0.1/24". */
  readonly why: string
  /** Whether it is more than a user can judge: no --force helps. */
  readonly isFinal: boolean
}

/** What speaks against sending copies to a port; undefined when nothing does. */
export function useOf(port: MirrorPort, hostAddresses: HostAddresses): Use | undefined {
  const always = alwaysUsed(port)
  if (always !== undefined) return { why: always, isFinal: true }
  const why = addressed(port, hostAddresses) ?? foreign(port)
  return why === undefined ? undefined : { why, isFinal: false }
}

function alwaysUsed({ name, bridge, marks }: MirrorPort): string | undefined {
  if (name === bridge) return 'is the port of the bridge itself'
  return marks.part === ''
    ? undefined
    : `is ${marks.part} of ${marks.network === '' ? 'a mirror' : `the network ${marks.network}`}`
}

function addressed({ name, marks }: MirrorPort, hostAddresses: HostAddresses): string | undefined {
  const declared = marks.spec?.addresses ?? []
  if (declared.length > 0) return `has the address ${declared.join(', ')}`
  if (marks.network !== '') return `is in the network ${marks.network}`
  const own = marks.ours ? [] : (hostAddresses.get(name) ?? [])
  return own.length === 0 ? undefined : `has the host's address ${own.join(', ')}`
}

const foreign = ({ owner, marks }: MirrorPort): string | undefined =>
  owner === undefined || marks.ours ? undefined : `is of ${owner}, and may be in use`
