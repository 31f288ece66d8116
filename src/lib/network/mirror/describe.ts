import type { Vlan } from '../../net/vlan.ts'
import { describeEnd, type Mirror } from './mirror.ts'
import type { MirrorPort } from './ports.ts'

/** A mirror as --json gives it; null where there is none of it. */
export interface MirrorResult {
  readonly mirror: string
  readonly bridge: string
  readonly sources: readonly string[]
  readonly dest: string
  readonly direction: string
  readonly network: string | null
  /** When it goes by itself, ISO 8601. */
  readonly expires: string | null
}

export const describeMirror = ({
  name,
  bridge,
  sources,
  dest,
  direction,
  network,
  deadline,
}: Mirror): MirrorResult => ({
  ...{ mirror: name, bridge, sources: sources.map(describeEnd), dest: describeEnd(dest), direction },
  ...{ network: network ?? null, expires: deadline?.at ?? null },
})

/** Whether copies carry the VLAN tags that the frames have on the bridge: to an access port Open vSwitch gives none. */
export const keepsTags = (output: MirrorPort | undefined): boolean => output !== undefined && isTrunk(output.vlan)

const isTrunk = ({ kind }: Vlan): boolean => kind !== 'access'
