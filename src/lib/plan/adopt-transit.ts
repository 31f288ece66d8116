import { Refused } from '../errors.ts'
import type { SharedNetwork } from '../network/logical.ts'
import type { NetworkSpec } from '../network/spec.ts'
import type { TransitRole } from '../network/transit-role.ts'
import type { NetworkWords } from '../network/words.ts'
import { parseBridgeMappings } from '../ovn/bridge-mappings.ts'
import { switchesMarked } from '../ovn/nb/logical-switch.ts'
import { TRANSIT_MARK } from '../ovn/nb/transit-members.ts'
import type { LocalOvn } from '../ovn/local.ts'
import type { OvnOfHost } from '../ovn/of-host.ts'

/**
 * The words of a new transit network, with the physical network that its way out is on; of others as they are. `shared` is what
 * another host has made already. Errors: NetworkExists, NetworkDiffers, PhysnetUnknown.
 */
export async function adoptTransit(
  { northbound, local }: OvnOfHost,
  words: NetworkWords,
  { overlay }: Pick<NetworkSpec, 'overlay'>,
  shared: SharedNetwork | undefined,
): Promise<NetworkWords> {
  const role = overlay?.role
  if (role === undefined) return words
  const { name } = role
  const called = shared?.ls.externalIds[TRANSIT_MARK]
  if (called !== undefined && called !== name)
    throw new Refused(
      'NetworkDiffers',
      `The transit network of this logical switch is called ${called} on every host.`,
      {
        next: `Call it so here, too: ovsd net create ${called} …`,
      },
    )
  const [other] = await switchesMarked(northbound, { [TRANSIT_MARK]: name })
  if (other !== undefined && shared === undefined)
    throw new Refused(
      'NetworkExists',
      `There is a transit network ${name} already: the logical switch ${other.name}.`,
      {
        next: `Join it: --switch ${other.name}; or choose another name.`,
      },
    )
  return withWayOut(local, words, role, shared)
}

/**
 * The words of a transit network, with the physical network that its way out is on: that which is asked for, or the only one that this host
 * leads to. Error: PhysnetUnknown.
 */
export function withWayOut(
  local: LocalOvn,
  words: NetworkWords,
  role: TransitRole,
  shared?: SharedNetwork,
): NetworkWords {
  if (role.outside.length === 0) return words
  const mapped = [
    ...parseBridgeMappings((local.externalIds['ovn-bridge-mappings'] ?? '').split(',').filter(Boolean)).keys(),
  ]
  const physnet = role.physnet ?? shared?.words.physnet ?? (mapped.length === 1 ? mapped[0] : undefined)
  if (physnet !== undefined && (mapped.includes(physnet) || shared !== undefined)) return { ...words, physnet }
  const why =
    physnet !== undefined
      ? `This host leads no bridge to the physical network ${physnet}, which is where the gateway router would be`
      : mapped.length === 0
        ? 'This host leads no bridge to a physical network, so a gateway router has no way out'
        : `This host leads to several physical networks: ${mapped.join(', ')}`
  throw new Refused('PhysnetUnknown', `${why}.`, {
    next:
      physnet === undefined && mapped.length > 0
        ? 'Say which one: --physnet NAME'
        : `Say which bridge it is: ovsd ovn join --bridge-mapping ${physnet ?? 'physnet1'}:BRIDGE`,
  })
}
