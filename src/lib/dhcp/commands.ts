import { basename, dirname } from 'node:path'
import type { Command } from '../system/command.ts'
import type { Netns } from '../system/netns.ts'
import { SUPERVISOR_PATH } from './script-folder.ts'

/** What a client has to know. */
export interface ClientSettings {
  readonly port: string
  readonly bridge: string
  readonly iface: string
  /** Where the container's namespace is to be found while it lives. */
  readonly netnsPath: string
  /** The Interface row: its UUID, so that what comes late is not written into the row of another life. */
  readonly record: string
  /** Highest MTU that is accepted from the server, in bytes; undefined accepts none. */
  readonly mtu: number | undefined
  /** What the server is told. */
  readonly hostName: string
  /** OVSDB connection, as --db takes it. */
  readonly database: string
}

/**
 * Starts a supervised client, and ends as soon as it runs and is marked: then it prints "started". busybox's setsid ends
 * when what it starts has a session of its own, because it is the leader of a process group here.
 */
export function startCommand(settings: ClientSettings, netns: Netns): Command {
  const { port, bridge, iface, netnsPath, record, mtu, hostName, database } = settings
  return {
    tool: 'busybox',
    args: [
      ...['setsid', 'busybox', 'sh', SUPERVISOR_PATH, port],
      ...[netns.path, lookedUp(netnsPath), record, bridge, iface],
      ...[mtu === undefined ? '' : String(mtu), hostName, database],
    ],
    mentions: netns,
  }
}

/** The same path, but not the same text: the runner would put the descriptor in its place, which always leads there. */
const lookedUp = (path: string): string => `${dirname(path)}/./${basename(path)}`

/** Takes keys out of the external_ids of an Interface row; nothing is wrong with a row, or a key, that is not there. */
export const forgetCommand = (database: string, record: string, keys: readonly string[]): Command => ({
  tool: 'ovs-vsctl',
  args: [
    ...['--timeout=5', '--no-wait', `--db=${database}`],
    ...['--if-exists', 'remove', 'Interface', record, 'external_ids', ...keys],
  ],
})
