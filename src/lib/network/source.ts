import { BadInput } from '../errors.ts'
import { needsOvn } from './overlay.ts'
import type { NetworkWordName, NetworkWords } from './words.ts'

/**
 * Where the addresses of a network's containers come from: `docker`, from its subnets, as Docker does it; `static`, only
 * as they are asked for; `dhcp`, from a server in the network, by a client that ovsd runs for each container; `inside`,
 * from whatever the container does itself.
 */
export type AddressSource = 'docker' | 'static' | 'dhcp' | 'inside'

/** What the words --ipam and --dhcp say together. Errors: BadInput, NeedsOvn. */
export function parseSource(words: NetworkWords, nameOf: NetworkWordName): AddressSource {
  const { ipam, dhcp } = words
  const onOvn = words.switch !== undefined
  if (dhcp !== undefined && dhcp !== 'none' && dhcp !== 'external' && dhcp !== 'ovn')
    throw new BadInput(nameOf('dhcp'), `"${dhcp.slice(0, 80)}" is no way of it.`, 'none or external or ovn')
  if (onOvn && (ipam === 'external' || dhcp === 'external'))
    throw new BadInput(
      ipam === 'external' ? nameOf('ipam') : nameOf('dhcp'),
      'a logical switch lets through only addresses that it knows of.',
      `${nameOf('ipam')} docker, or ${nameOf('dhcp')} ovn`,
    )
  switch (ipam ?? (dhcp === 'external' ? 'external' : 'docker')) {
    case 'ovn':
      // OVN gives out of the same pool as every host does, so that containers and whoever else asks it never get the same.
      if (!onOvn) throw needsOvn(`${nameOf('ipam')} ovn`)
      return 'docker'
    case 'docker':
    case 'static':
      if (dhcp === 'external')
        throw new BadInput(nameOf('dhcp'), 'addresses come from a server or from ovsd, not from both.', 'none')
      return ipam === 'static' ? 'static' : 'docker'
    case 'external':
      refuseAddresses(words, nameOf)
      return dhcp === 'none' ? 'inside' : 'dhcp'
    default:
      throw new BadInput(
        nameOf('ipam'),
        `"${(ipam ?? '').slice(0, 80)}" is no way of it.`,
        'docker or static or external or ovn',
      )
  }
}

function refuseAddresses(words: NetworkWords, nameOf: NetworkWordName): void {
  const given = (['subnet', 'gateway', 'ipRange', 'auxAddress', 'route'] as const).find(
    (word) => (words[word] ?? []).length > 0,
  )
  if (given !== undefined)
    throw new BadInput(nameOf(given), 'addresses come from elsewhere (ipam external): leave it out.', 'none')
}
