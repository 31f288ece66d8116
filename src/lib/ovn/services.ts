// How the daemons of OVN are started and ended on this host: by systemd where it runs, else as its units do it.
import { existsSync } from 'node:fs'
import type { Command } from '../system/command.ts'

/** The daemons of a host, and those of central. */
export type OvnService = 'controller' | 'northd'

const UNITS: Readonly<Record<OvnService, string>> = { controller: 'ovn-controller', northd: 'ovn-central' }
/** The databases may have to be created, and ended in order; both take seconds on a busy host. */
const LIMIT_MS = 30_000

/** Present where systemd is process 1 (sd_booted(3)). */
const hasSystemd = (): boolean => existsSync('/run/systemd/system')

const service = (verb: 'start' | 'stop', name: OvnService): Command =>
  hasSystemd()
    ? { tool: 'systemctl', args: [verb, UNITS[name]], timeoutMs: LIMIT_MS }
    : { tool: '/usr/share/ovn/scripts/ovn-ctl', args: [`${verb}_${name}`], timeoutMs: LIMIT_MS }

export const startService = (name: OvnService): Command => service('start', name)
/** ovn-controller takes its chassis, tunnels and flows along (ovn-controller(8), exit). */
export const stopService = (name: OvnService): Command => service('stop', name)
