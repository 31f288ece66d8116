// Logical ports that carry frames: a namespace on br-int of a host for each.
import type { Northbound } from '../../src/lib/ovn/change.ts'
import { OvnDatabase } from '../../src/lib/ovn/database.ts'
import type { IpAddress } from '../../src/lib/net/ip-address.ts'
import type { Wanted } from '../../src/lib/ovn/nb/addresses.ts'
import type { DhcpOfPort, PortToMake } from '../../src/lib/ovn/nb/logical-port.ts'
import { parseRemotes } from '../../src/lib/ovn/remotes.ts'
import { addPort, openNorthbound, portOf } from './northbound.ts'
import type { Site } from './underlay.ts'

export interface Cloud extends Disposable {
  readonly nb: Northbound
  readonly southbound: OvnDatabase
}

/** Opens the databases of a central by its address between the hosts. */
export function openCloud(central: Site): Cloud {
  const remotes = (port: number) => parseRemotes(`tcp:${central.address}`, 'test', port)
  const nb = openNorthbound(remotes(6641))
  const southbound = new OvnDatabase('southbound', remotes(6642))
  return {
    ...{ nb, southbound },
    [Symbol.dispose]() {
      nb[Symbol.dispose]()
      southbound[Symbol.dispose]()
    },
  }
}

export const systemIdOf = async (site: Site): Promise<string> =>
  (await site.run('ovs-vsctl', 'get', 'open_vswitch', '.', 'external_ids:system-id')).replaceAll('"', '')

/** A namespace with a logical port of its own. */
export interface Station {
  readonly site: Site
  readonly port: Omit<PortToMake, 'addresses'>
  readonly addresses: readonly IpAddress[]
  readonly link: string
  /** Runs a command inside. */
  inside(...argv: string[]): Promise<string>
  /** Whether an address answers one of two echo requests. */
  reaches(address: string, ...options: string[]): Promise<boolean>
}

/** Adds a logical port, for a host, and a namespace with an interface for it; the addresses are set there unless `dhcp`. */
export async function station(
  { nb }: Cloud,
  site: Site,
  ls: string,
  n: number,
  wanted: Wanted,
  dhcp?: DhcpOfPort,
): Promise<Station> {
  const port = { ...portOf(n), chassis: await systemIdOf(site), ...(dhcp === undefined ? {} : { dhcp }) }
  const addresses = await addPort(nb, ls, port, wanted)
  const [name, link] = [`s${n}`, `l${n}`]
  const inside = (...argv: string[]) => site.run('nsenter', `--net=/run/netns/${name}`, ...argv)
  await site.run('ip', 'netns', 'add', name)
  await site.run('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth1', 'netns', name)
  await inside('ethtool', '-K', 'eth1', 'tx', 'off')
  await inside('ip', 'link', 'set', 'eth1', 'address', port.mac, 'mtu', '1442', 'up')
  await inside('ip', 'link', 'set', 'lo', 'up')
  await site.run('ip', 'link', 'set', link, 'up')
  await plug(site, link, port.name, port.generation)
  if (dhcp === undefined)
    for (const { text, family } of addresses)
      await inside(
        'ip',
        'address',
        'add',
        `${text}/${family === 4 ? 24 : 64}`,
        'dev',
        'eth1',
        ...(family === 6 ? ['nodad'] : []),
      )
  return {
    ...{ site, port, addresses, link, inside },
    async reaches(address, ...options) {
      try {
        await inside('busybox', 'ping', '-c', '2', '-W', '1', ...options, address)
        return true
      } catch {
        return false
      }
    },
  }
}

/** Puts a link on br-int as the interface of a logical port. */
export const plug = (site: Site, link: string, name: string, generation: string): Promise<string> =>
  site.run(
    ...['ovs-vsctl', 'add-port', 'br-int', link, '--', 'set', 'Interface', link, `external_ids:iface-id=${name}`],
    `external_ids:iface-id-ver="${generation}"`,
  )
