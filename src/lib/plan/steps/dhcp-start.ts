import { setTimeout as sleep } from 'node:timers/promises'
import { calledFor, portName, type Attachment } from '../../attach/attachment.ts'
import { isSameAttachment, readMarks } from '../../attach/marks.ts'
import { clientFaults, endClient, livingClient } from '../../dhcp/client.ts'
import { hostNameFor } from '../../dhcp/host-name.ts'
import { clientKeys, readLease, type Lease } from '../../dhcp/marks.ts'
import { prepareScriptFolder } from '../../dhcp/script-folder.ts'
import { forgetCommand, startCommand } from '../../dhcp/commands.ts'
import { OvsdError, ToolMissing } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { InterfaceRow } from '../../ovs/rows.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'

/** What servers are given: udhcpc asks every two seconds, and some look for two themselves whether an address is free. */
const LEASE_LIMIT_MS = 10_000
const POLL_MS = 50

/** What an interface without an MTU of its own has. */
const KERNEL_MTU = 1500

/** How it ends well, and what it is beside a port that is being made: a repair stays when something after it fails. */
export interface DhcpOptions {
  /** Is told what the server gave. */
  readonly bound?: (lease: Lease) => void
  /** Name of the port, if it is not the derived one. */
  readonly port?: string
  readonly isRepair?: boolean
  /** Does not wait for a lease: the client goes on asking, however long it takes. */
  readonly atOnce?: boolean
}

/**
 * Starts a DHCP client for an interface, from outside of its container, and waits for a lease. What it gets it sets up
 * and records itself (dhcp/event.ts). Errors: NoLease, ToolMissing.
 */
export function dhcpStart(host: Host, attachment: Attachment, netns: Netns, options: DhcpOptions = {}): ReversibleStep {
  const { target, iface, bridge, mtu } = attachment
  const port = options.port ?? portName(target.id, iface)
  const find = async (): Promise<InterfaceRow | undefined> => {
    const [rows = []] = await host.ovs.interfaces([{ name: port }])
    return rows.find((row) => isSameAttachment(readMarks(row.externalIds), target.id, iface))
  }
  const start = (record: string): Command =>
    startCommand(
      {
        ...{ port, bridge, iface, record, netnsPath: target.netnsPath, database: host.database.text },
        ...{ mtu: mtu === undefined ? KERNEL_MTU : undefined, hostName: hostNameFor(target.name) },
      },
      netns,
    )
  return {
    id: 'dhcp.start',
    title:
      options.isRepair === true ? `Start the DHCP client of ${iface} again` : `Get an address for ${iface} by DHCP`,
    leaves: `DHCP client of ${iface} of ${calledFor(target)}`,
    ...(options.isRepair === true ? { keeps: `the DHCP client of ${iface} keeps running` } : {}),
    commands: () => [start(port)],
    async isDone() {
      const row = await find()
      return row !== undefined && clientFaults(port, row.externalIds).length === 0
    },
    async apply(signal) {
      const row = await find()
      if (row === undefined) throw noLease(attachment, 'its port vanished')
      if (livingClient(port, row.externalIds) === undefined) {
        prepareScriptFolder()
        const { stdout, stderr } = await host.run(start(row.uuid), signal)
        if (stdout.includes('no udhcpc')) throw new ToolMissing('busybox with udhcpc', 'busybox')
        if (!stdout.includes('started')) throw noLease(attachment, `its client did not start (${stderr.trim()})`)
      }
      if (options.atOnce === true) return
      const lease = await leaseOf(find, attachment, port, signal)
      options.bound?.(lease)
    },
    async undo(signal) {
      if (options.isRepair === true) return
      const row = await find()
      if (row === undefined) return
      const client = livingClient(port, row.externalIds)
      if (client !== undefined) await endClient(client, port, true)
      // A client that is ended before it got anything, or is killed, leaves its marks.
      const left = (await find())?.externalIds ?? {}
      const keys = clientKeys(left)
      if (keys.length > 0) await host.run(forgetCommand(host.database.text, row.uuid, keys), signal)
    },
  }
}

/** Waits for what the client writes into the row of its port. Error: NoLease. */
async function leaseOf(
  find: () => Promise<InterfaceRow | undefined>,
  attachment: Attachment,
  port: string,
  signal: AbortSignal,
): Promise<Lease> {
  const end = performance.now() + LEASE_LIMIT_MS
  for (;;) {
    const row = await find()
    const lease = row === undefined ? undefined : readLease(row.externalIds)
    if (lease !== undefined && (lease.expires ?? Infinity) > Date.now() / 1000) return lease
    if (row === undefined || livingClient(port, row.externalIds) === undefined)
      throw noLease(attachment, 'its client ended')
    if (performance.now() > end)
      throw noLease(attachment, `no server gave one within ${String(LEASE_LIMIT_MS / 1000)} s`)
    await sleep(POLL_MS, undefined, { signal })
  }
}

function noLease({ bridge, iface, target }: Attachment, why: string): OvsdError {
  return new OvsdError('NoLease', `${iface} of ${calledFor(target)} got no address by DHCP on ${bridge}: ${why}.`, {
    next: 'Check that a DHCP server is in that network, and in that VLAN: ovsd show; ovs-vsctl show',
  })
}
