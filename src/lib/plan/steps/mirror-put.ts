import { CommandFailed, OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { lookAtMirrors } from '../../network/mirror/around.ts'
import { describeEnd, type Mirror } from '../../network/mirror/mirror.ts'
import { mirrorMarks, mirrorNameIn, portMarks } from '../../network/mirror/record.ts'
import { isSelected, tunnelName, type Wanted } from '../../network/mirror/wanted.ts'
import { addMirror, setMirror, type Selection, type TunnelPort } from '../../ovs/mirror-commands.ts'
import { readMirrors, type MirrorRow, type MirrorTable } from '../../ovs/mirror-rows.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'
import { takeAway } from './mirror-remove.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

/** A mirror that is to be made, or, if there is a row of it, to be put right. */
export interface MirrorToPut {
  readonly mirror: Mirror
  readonly wanted: Wanted
  readonly row: MirrorRow | undefined
  readonly table: MirrorTable
}

/** Makes a mirror, or gives one other ports, in one transaction with the tunnel that it is for. */
export function mirrorPut(host: Host, { mirror, wanted, row, table }: MirrorToPut): ReversibleStep {
  const { name, bridge, dest } = mirror
  const tunnel = tunnelFor(mirror, wanted)
  const selection: Selection = tunnel === undefined ? wanted.selection : { ...wanted.selection, output: tunnel.name }
  const commandFor = ({ switched }: MirrorTable): Command => {
    const isSwitched = switched.has(wanted.output?.uuid ?? '')
    return host.vsctl.transaction(
      row === undefined
        ? addMirror({ bridge, name, selection, tunnel, isSwitched, marks: mirrorMarks(mirror) })
        : setMirror(row.uuid, { bridge, selection, tunnel, isSwitched }),
    )
  }
  const isThere = async (): Promise<boolean> => {
    const { table: now, ports } = await lookAtMirrors(host)
    const [found] = rowsOf(now, mirror)
    const isRight = found !== undefined && isSelected(found, selection, ports)
    return isRight && (tunnel === undefined || (await tunnelError(host, tunnel)) === '')
  }
  return {
    id: 'mirror.put',
    title: `${row === undefined ? 'Mirror' : 'Put right the mirror'} ${name} on ${bridge}: ${mirror.sources.map(describeEnd).join(', ')} to ${describeEnd(dest)}`,
    leaves: `mirror ${name} on ${bridge}${tunnel === undefined ? '' : ` and port ${tunnel.name}`}`,
    commands: () => [commandFor(table)],
    isDone: isThere,
    async apply(signal) {
      // Another mirror may have switched the same port over since the plan was made.
      const command = commandFor(await readMirrors(host.database))
      try {
        await host.run(command, signal)
      } catch (error) {
        // Stopped by its time limit the transaction may be in all the same: what the database says is true.
        if (!(error instanceof CommandFailed && error.unknown) || signal.aborted || !(await isThere())) throw error
      }
      if (!(await isThere())) throw await whyNot(host, mirror, tunnel)
    },
    async undo(signal) {
      const now = await readMirrors(host.database)
      const found = rowsOf(now, mirror)
      if (row === undefined)
        await takeAway(host, { rows: found, tunnels: [tunnelName(bridge, name)] }, signal, UNDO_WAIT_S)
      else if (found.length > 0) await putBack(host, row, tunnel, now, signal)
    },
  }
}

/** By the marks and not by the name alone: one of that name without them is somebody else's. */
const rowsOf = ({ rows }: MirrorTable, { name, bridge }: Mirror): readonly MirrorRow[] =>
  rows.filter((one) => one.bridge === bridge && one.name === name && mirrorNameIn(one.externalIds) === name)

/** The tunnel, when it is not there yet. */
function tunnelFor(mirror: Mirror, { output }: Wanted): TunnelPort | undefined {
  const { dest, bridge, name } = mirror
  if (dest.kind !== 'gre' || output !== undefined) return undefined
  return { name: tunnelName(bridge, name), remote: dest.ip, marks: portMarks(mirror) }
}

/** What ovs-vswitchd says of a tunnel; '' when it can use it. */
async function tunnelError(host: Host, { name }: TunnelPort): Promise<string> {
  const [rows = []] = await host.ovs.interfaces([{ name }])
  const [row] = rows
  if (row === undefined) return 'its port vanished'
  return row.ofport !== undefined && row.ofport > 0 ? row.error : row.error || 'no reason given'
}

async function whyNot(host: Host, { name, bridge }: Mirror, tunnel: TunnelPort | undefined): Promise<OvsdError> {
  const error = tunnel === undefined ? '' : await tunnelError(host, tunnel)
  const why = error === '' ? 'ports of it vanished meanwhile' : `ovs-vswitchd cannot use its tunnel: ${error}`
  return new OvsdError('MirrorFailed', `The mirror ${name} on ${bridge} does not work: ${why}.`, {
    next: 'Try again; see /var/log/openvswitch/ovs-vswitchd.log',
  })
}

/** Gives the row what it had; ports that went meanwhile stay out of it. */
async function putBack(
  host: Host,
  { uuid, bridge, selectAll, sources, destinations, vlans, output }: MirrorRow,
  tunnel: TunnelPort | undefined,
  { switched }: MirrorTable,
  signal: AbortSignal,
): Promise<void> {
  const { ports } = await lookAtMirrors(host)
  const present = new Set(ports.map((port) => port.uuid))
  const there = (all: readonly string[]): readonly string[] => all.filter((one) => present.has(one))
  const [outputNow] = there(output === undefined ? [] : [output])
  const selection: Selection = {
    ...{ selectAll, vlans, sources: there(sources), destinations: there(destinations), output: outputNow },
  }
  const isSwitched = switched.has(outputNow ?? '')
  const changes = setMirror(uuid, { bridge, selection, isSwitched, tunnel: undefined })
  await host.run(host.vsctl.transaction(changes, UNDO_WAIT_S), signal)
  if (tunnel !== undefined) await takeAway(host, { rows: [], tunnels: [tunnel.name] }, signal, UNDO_WAIT_S)
}
