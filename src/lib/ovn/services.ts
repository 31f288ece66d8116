// How the daemons of OVN are started and ended on this host: by systemd where it runs, else as its units do it.
import { existsSync } from 'node:fs'
import type { Command } from '../system/command.ts'

/** The daemons of a host, and those of central. */
export type OvnService = 'controller' | 'northd'

/** Debian's ovn-central starts the other three and ends at once; Fedora has only ovn-northd, which wants its databases. */
const UNITS: Readonly<Record<OvnService, readonly string[]>> = {
  controller: ['ovn-controller'],
  northd: ['ovn-central', 'ovn-northd', 'ovn-ovsdb-server-nb', 'ovn-ovsdb-server-sb'],
}
const FOLDERS = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system']

/** Those of the units that this host has, by name: ending one does not wait for what it started. */
const unitsOf = (name: OvnService): readonly string[] =>
  UNITS[name].filter((unit) => FOLDERS.some((folder) => existsSync(`${folder}/${unit}.service`)))

/** The databases may have to be created, and ended in order; both take seconds on a busy host. */
const LIMIT_MS = 30_000

/** Present where systemd is process 1 (sd_booted(3)). */
const hasSystemd = (): boolean => existsSync('/run/systemd/system')

const service = (verb: 'start' | 'stop', name: OvnService): Command =>
  hasSystemd()
    ? { tool: 'systemctl', args: [verb, ...unitsOf(name)], timeoutMs: LIMIT_MS }
    : { tool: '/usr/share/ovn/scripts/ovn-ctl', args: [`${verb}_${name}`], timeoutMs: LIMIT_MS }

export const startService = (name: OvnService): Command => service('start', name)
/** ovn-controller takes its chassis, tunnels and flows along (ovn-controller(8), exit). */
export const stopService = (name: OvnService): Command => service('stop', name)
