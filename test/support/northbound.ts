// The northbound database as the tests of changes use it: opened, looked at as a whole, and started without the rest of OVN.
import { readFileSync } from 'node:fs'
import { change, untilUndisturbed, type Northbound } from '../../src/lib/ovn/change.ts'
import type { Remotes } from '../../src/lib/ovn/remotes.ts'
import { OvnDatabase } from '../../src/lib/ovn/database.ts'
import { chooseAddresses, type Wanted } from '../../src/lib/ovn/nb/addresses.ts'
import type { IpAddress } from '../../src/lib/net/ip-address.ts'
import { logicalPortAdd } from '../../src/lib/plan/steps/logical-port-add.ts'
import { makeSwitch, switchAt, type LogicalSwitch } from '../../src/lib/ovn/nb/logical-switch.ts'
import { newUuid } from '../../src/lib/ovsdb/operations.ts'
import type { PortToMake } from '../../src/lib/ovn/nb/logical-port.ts'
import { poolOf, type AddressPool } from '../../src/lib/ovn/nb/pools.ts'
import { parseNetwork } from '../../src/lib/net/cidr.ts'
import { parseIp } from '../../src/lib/net/ip-address.ts'
import { derivedMac } from '../../src/lib/net/mac.ts'
import { parseRemotes } from '../../src/lib/ovn/remotes.ts'
import type { TlsFiles } from '../../src/lib/ovn/tls.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { OVN_CTL } from './ovn.ts'
import { tool } from './tool.ts'

export const NB_SOCKET = 'unix:/run/ovn/ovnnb_db.sock'
export const signal = new AbortController().signal

/** Opens the northbound database behind these remotes. */
export function northbound(remotes = NB_SOCKET, runner: Runner = run, tls?: TlsFiles): Northbound & Disposable {
  return openNorthbound(parseRemotes(remotes, 'test', 6641, tls), runner, tls)
}

export function openNorthbound(remotes: Remotes, runner: Runner = run, tls?: TlsFiles): Northbound & Disposable {
  const database = new OvnDatabase('northbound', remotes)
  return {
    ...{ run: runner, database, tls },
    [Symbol.dispose]() {
      database[Symbol.dispose]()
    },
  }
}

/** Adds a port to a switch as net connect does: chooses its addresses, and again whenever another host was faster. */
export const addPort = (
  nb: Northbound,
  uuid: string,
  port: Omit<PortToMake, 'addresses'>,
  wanted: Wanted,
): Promise<readonly IpAddress[]> =>
  untilUndisturbed(async (tries) => {
    const { ls, addresses, given } = await chooseAddresses(nb, uuid, wanted, tries)
    await logicalPortAdd(nb, { ls, port: { ...port, addresses }, given }).apply(signal)
    return addresses
  }, signal)

/** Starts a northbound database that is alone, without ovn-northd: nothing but what a test does changes it. */
export function startNorthbound(): Disposable {
  tool(OVN_CTL, 'start_nb_ovsdb')
  return {
    [Symbol.dispose]() {
      tool(OVN_CTL, 'stop_nb_ovsdb')
      tool('rm', '-rf', '/var/lib/ovn/ovnnb_db.db')
    },
  }
}

/** Every row of every table, but where to look for the next free address, and how far northd is. */
export function dump(socket = NB_SOCKET): readonly string[] {
  return tool('ovsdb-client', 'dump', '--format=csv', '--no-headings', socket, 'OVN_Northbound')
    .replaceAll(/(, )?(?:"")?ovsd_next\.[46](?:"")?=""[^"]*""/g, '')
    .replaceAll('{, ', '{')
    .split('\n')
    .filter((line) => !/^[^,]*,.*northd_internal_version|^\d+,/.test(line))
    .sort()
}

/** A made-up id of 64 hex digits; `n` tells them apart. */
export const idOf = (n: number): string => n.toString(16).padStart(12, '0').padEnd(64, 'ab')

/** Makes the switch of a network. */
export async function madeSwitch(nb: Northbound, name: string, n = 1, systemId = 'hv1'): Promise<LogicalSwitch> {
  const uuid = newUuid()
  await change(nb, makeSwitch({ uuid, name, id: idOf(n), record: `{"name":"${name}"}`, systemId }), signal)
  const ls = await switchAt(nb, uuid)
  if (ls === undefined) throw new Error('there is no switch after it was made')
  return ls
}

/** A pool of a subnet, whose first address is the gateway. */
export function pool(subnet: string): AddressPool {
  const cidr = parseNetwork(subnet, 'test')
  const gateway = parseIp(cidr.ip.text.replace(/0$/, '1').replace(/::$/, '::1'), 'test')
  return poolOf({ cidr, range: cidr, gateway, aux: [] })
}

/** A port of a container, but for its addresses. */
export const portOf = (n: number, iface = 'eth1'): Omit<PortToMake, 'addresses'> => ({
  uuid: newUuid(),
  name: `lsp-${idOf(n).slice(0, 12)}-${iface}`,
  mac: derivedMac(idOf(n), iface),
  marks: { ovsd: '1', ovsd_container: idOf(n) },
  chassis: 'hv1',
  generation: '2026-01-01T00:00:00Z',
})

/** Random text of the kernel; not of the program that is tested. */
export const random = (): string => readFileSync('/proc/sys/kernel/random/uuid', 'latin1').slice(0, 8)
