// The logical switch of a network, as the hosts of OVN share it.
import { Refused } from '../errors.ts'
import type { Northbound } from '../ovn/change.ts'
import { NETWORK_MARK, RECORD_MARK, switchesNamed, type LogicalSwitch } from '../ovn/nb/logical-switch.ts'
import { dhcpOptions, type DhcpRow } from '../ovn/nb/dhcp-options.ts'
import { newUuid } from '../ovsdb/operations.ts'
import type { Network } from './networks.ts'
import { parseNetworkSpec, type NetworkSpec } from './spec.ts'
import { readRecord } from './record-text.ts'
import type { NetworkWords } from './words.ts'

/** A switch that is a network of ovsd's, with what its makers said of it. */
export interface SharedNetwork {
  readonly ls: LogicalSwitch
  readonly id: string
  readonly words: NetworkWords
  readonly spec: NetworkSpec
}

/**
 * The network of a logical switch of this name; undefined when there is no such switch. `name` is what it is called on this host.
 * Errors: SwitchForeign, SwitchAmbiguous, NetworkDamaged, CentralUnreachable.
 */
export async function sharedNetwork(
  nb: Northbound,
  name: string,
  logicalSwitch: string,
): Promise<SharedNetwork | undefined> {
  const [ls, another] = await switchesNamed(nb, logicalSwitch)
  if (ls === undefined) return undefined
  if (another !== undefined)
    throw new Refused('SwitchAmbiguous', `There are several logical switches ${logicalSwitch}.`, {
      next: `See them: ovn-nbctl ls-list; choose another name with --switch`,
    })
  const id = ls.externalIds[NETWORK_MARK]
  if (id === undefined)
    throw new Refused(
      'SwitchForeign',
      `There is a logical switch ${logicalSwitch} that ovsd has not made: it is left as it is.`,
      {
        next: 'Choose another name with --switch.',
      },
    )
  const words = readRecord(ls.externalIds[RECORD_MARK] ?? '')
  if (words === undefined)
    throw new Refused(
      'NetworkDamaged',
      `What is recorded of the network on the logical switch ${logicalSwitch} is damaged.`,
      {
        next: `Look at it: ovn-nbctl get Logical_Switch ${logicalSwitch} external_ids`,
      },
    )
  const whole = { ...words, name, id }
  return { ls, id, words: whole, spec: parseNetworkSpec(whole) }
}

/** The rows that have OVN answer DHCP requests of a network; none where it is not to. */
export function dhcpRowsOf(id: string, { subnets, overlay, mtu }: NetworkSpec): readonly DhcpRow[] {
  if (overlay?.dhcp !== true) return []
  return subnets.map(({ cidr, gateway, aux }) => ({
    uuid: newUuid(),
    cidr: cidr.text,
    options: dhcpOptions(id, {
      ...{ cidr, gateway, mtu },
      server: gateway ?? aux.find(({ name }) => name === 'router')?.ip ?? aux[0]?.ip,
      dns: overlay.dns.filter(({ family }) => family === cidr.ip.family),
    }),
  }))
}

/** The logical switch of a network of this host. Errors: LogicalSwitchGone, those of `sharedNetwork`. */
export async function switchOf(nb: Northbound, { name, spec }: Network): Promise<SharedNetwork> {
  const logicalSwitch = spec.overlay?.logicalSwitch ?? ''
  const found = await sharedNetwork(nb, name, logicalSwitch)
  if (found?.id === spec.id && found !== undefined) return found
  throw new Refused(
    'LogicalSwitchGone',
    found === undefined
      ? `The logical switch ${logicalSwitch} of the network ${name} is gone.`
      : `The logical switch ${logicalSwitch} belongs to another network than ${name} now.`,
    {
      next:
        found === undefined
          ? `Put it back: ovsd net create ${name} with the settings it had, or ovsd watch`
          : `Look at both: ovsd net inspect ${name}; ovn-nbctl get Logical_Switch ${logicalSwitch} external_ids`,
    },
  )
}
