// What the options of Docker network drivers say about the host itself: where central is, and how its tunnels are made.
import { BadInput, Refused } from '../../errors.ts'
import { centralOf } from '../../ovn/central.ts'
import { isOwnElsewhere, isSameCentral } from '../../ovn/container/expected.ts'
import { lifeOf } from '../../ovn/life.ts'
import type { LocalOvn } from '../../ovn/local.ts'
import { parseRemotes, SIDES } from '../../ovn/remotes.ts'
import { asNetworkOption, type NetworkWords } from '../../network/words.ts'

/**
 * Refuses a network whose words expect another host than this one is: another central, or other tunnels. Errors: BadInput,
 * ChassisElsewhere, CentralUnknown, CentralUnreachable, EncapDiffers.
 */
export async function refuseOtherHost(local: LocalOvn, words: NetworkWords): Promise<void> {
  await refuseOtherCentral(local, words)
  const { encap, encapIp } = words
  const types = local.externalIds['ovn-encap-type']?.split(',') ?? []
  const ip = local.externalIds['ovn-encap-ip'] ?? ''
  // It is no chassis yet, which is said elsewhere.
  if (ip === '') return
  const differs = (what: string, now: string, fix: string): Refused =>
    new Refused('EncapDiffers', `${what}: this host has ${now}, for all of its networks.`, { next: fix })
  if (encap !== undefined && !types.includes(encap))
    throw differs(
      `${asNetworkOption('encap')}=${encap}`,
      types.join(' and '),
      `ovsd ovn join --encap=${[...types, encap].join(',')}`,
    )
  if (encapIp !== undefined && encapIp !== ip)
    throw differs(`${asNetworkOption('encapIp')}=${encapIp}`, ip, `ovsd ovn join --encap-ip=${encapIp}`)
}

async function refuseOtherCentral(local: LocalOvn, { northbound, southbound }: NetworkWords): Promise<void> {
  if (northbound === undefined && southbound === undefined) return
  const [nb, sb] = [asNetworkOption('northbound'), asNetworkOption('southbound')]
  if (northbound === undefined || southbound === undefined)
    throw new BadInput(
      northbound === undefined ? nb : sb,
      'ovn.nb_connection and ovn.sb_connection are required when using ovn.switch.',
      'tcp:172.30.0.5:6641 and tcp:172.30.0.5:6642, or neither: then those of this host',
    )
  const wanted = {
    northbound: parseRemotes(northbound, nb, SIDES.northbound.port, local.tls),
    southbound: parseRemotes(southbound, sb, SIDES.southbound.port, local.tls),
  }
  const known = centralOf(local)
  if (known !== undefined && isSameCentral(known, wanted)) return
  // The strings follow the subnet that was free, unless somebody else's central is where they lead.
  if (known !== undefined && isOwnElsewhere(local, known, wanted) && !('id' in (await lifeOf(wanted)))) return
  if (known !== undefined)
    throw new Refused(
      'ChassisElsewhere',
      `This host belongs to the central at ${known.northbound.text}, not to that at ${wanted.northbound.text}.`,
      { next: 'Leave both options out: the network is then one of its central.' },
    )
  const life = await lifeOf(wanted)
  if ('id' in life)
    throw new Refused('CentralUnknown', `This host does not belong to the central at ${wanted.northbound.text} yet.`, {
      next: `Make it a chassis: ovsd ovn join ${wanted.northbound.text}`,
    })
  throw new Refused(
    'CentralUnreachable',
    `OVN central not reachable at ${wanted.northbound.text} and auto-create not enabled (${life.missing}).`,
    { next: 'Make one here: ovsd ovn bootstrap; or start it where it is.' },
  )
}
