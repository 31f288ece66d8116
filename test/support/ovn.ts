// OVN as the lab runs it: central on one host, ovn-controller on each, and what the databases of central hold.
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Site } from './underlay.ts'

const service = (name: string): string => fileURLToPath(new URL(`../../lab/services/${name}.sh`, import.meta.url))
export const OVN_CTL = '/usr/share/ovn/scripts/ovn-ctl'

/** Starts central on a host, listening at its address between the hosts, as if somebody had set it up by hand. */
export async function startCentral(site: Site): Promise<AsyncDisposable> {
  await site.run('sh', service('ovn-central'), site.address)
  return {
    async [Symbol.asyncDispose]() {
      await stopCentral(site)
      await site.run('rm', '-rf', '/var/lib/ovn/ovnnb_db.db', '/var/lib/ovn/ovnsb_db.db')
    },
  }
}

/** Ends the databases and ovn-northd of a host. */
export async function stopCentral(site: Site): Promise<void> {
  await site.run(OVN_CTL, 'stop_northd')
}

/** Makes hosts chassis of that central by hand, without ovsd, and waits until they are registered. */
export async function startControllers(
  central: Site,
  sites: readonly Site[],
  type = 'geneve',
): Promise<AsyncDisposable> {
  const southbound = `tcp:${central.address}:6642`
  await Promise.all(sites.map((site) => site.run('sh', service('ovn-controller'), southbound, site.address, type)))
  await comesTrue(async () => (await chassisNames(central)).length === sites.length, 'every host is a chassis')
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(sites.map(stopController))
    },
  }
}

/** Ends ovn-controller in order, which takes the chassis away, and with it what it made of Open vSwitch. */
export async function stopController(site: Site): Promise<void> {
  await site.run(OVN_CTL, 'stop_controller')
  await site.run('ovs-vsctl', '--if-exists', 'del-br', 'br-int')
  const keys = ['ovn-remote', 'ovn-encap-ip', 'ovn-encap-type', 'ovn-bridge-datapath-type', 'ovn-nb']
  await site.run('ovs-vsctl', 'remove', 'open_vswitch', '.', 'external_ids', ...keys)
}

/** Names of the chassis that are registered. */
export async function chassisNames(central: Site): Promise<readonly string[]> {
  const rows = await central.run('ovn-sbctl', '--bare', '--no-headings', '--columns=name', 'list', 'Chassis')
  return rows
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

/** Waits until something is so that has to be asked for; throws when it does not come about. */
export async function comesTrue(ask: () => Promise<boolean>, what: string, limitSeconds = 20): Promise<void> {
  const end = performance.now() + limitSeconds * 1000
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`waited ${limitSeconds} s for: ${what}`)
    await pause(50)
  }
}

/** All that people, or ovsd, have written into the northbound database of a host; without what its daemons count. */
export async function northboundDump(central: Site): Promise<string> {
  const text = await central.run('ovsdb-client', 'dump', 'unix:/run/ovn/ovnnb_db.sock', 'OVN_Northbound')
  return text
    .split(/\n(?=\S+ table\n)/)
    .filter((table) => !/^(NB_Global|Connection|SSL) /.test(table))
    .join('\n')
}
