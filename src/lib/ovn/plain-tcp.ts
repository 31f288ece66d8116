import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Refused } from '../errors.ts'
import { hostsOf, type Remotes } from './remotes.ts'

/** Bridges of container engines: what is behind them is this host. */
const ENGINE_BRIDGE = /^(docker\d+|br-[0-9a-f]{12}|podman\d+)$/

/**
 * Refuses connections that anybody on the way could read and change. Those stay allowed that do not leave this host: to its own
 * addresses, and into the network of a bridge of its container engine. Error: PlainTcp.
 */
export function refusePlainTcp(remotes: readonly Remotes[], isAllowed: boolean): void {
  if (isAllowed) return
  const own = staysHere()
  for (const { endpoints, text } of remotes) {
    const plain = endpoints.filter((endpoint) => endpoint.text.startsWith('tcp:'))
    const outside = hostsOf({ text, endpoints: plain }).find((host) => !own(host))
    if (outside === undefined) continue
    throw new Refused(
      'PlainTcp',
      `Everybody between this host and ${outside} could read and change what OVN is told over ${text}.`,
      {
        next: `Use ssl:${outside} with --private-key, --certificate and --ca-cert; or, in a network where you trust everybody: --insecure`,
      },
    )
  }
}

/** Whether packets to an address stay on this host. A name may be anybody's tomorrow. */
function staysHere(): (host: string) => boolean {
  const inside = new BlockList()
  inside.addSubnet('127.0.0.0', 8, 'ipv4')
  inside.addAddress('::1', 'ipv6')
  for (const [device, addresses = []] of Object.entries(networkInterfaces()))
    for (const { address, cidr, family } of addresses) {
      const name = family === 'IPv6' ? 'ipv6' : 'ipv4'
      inside.addAddress(address, name)
      const prefix = Number(cidr?.split('/')[1])
      if (ENGINE_BRIDGE.test(device) && Number.isInteger(prefix)) inside.addSubnet(address, prefix, name)
    }
  return (host) => {
    const version = isIP(host)
    return host === 'localhost' || (version !== 0 && inside.check(host, version === 6 ? 'ipv6' : 'ipv4'))
  }
}
