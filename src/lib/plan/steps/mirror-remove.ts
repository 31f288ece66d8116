import type { Host } from '../../host.ts'
import { mirrorNameIn } from '../../network/mirror/record.ts'
import { removeMirror, removeTunnel, type OutputLeft } from '../../ovs/mirror-commands.ts'
import { readMirrors, type MirrorRow, type MirrorTable } from '../../ovs/mirror-rows.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'

/** Mirrors of ovsd, and names of the ports that were made for some. */
export interface MirrorsToRemove {
  readonly rows: readonly MirrorRow[]
  readonly tunnels: readonly string[]
}

/** Removes mirrors with their tunnels. A set-up uses it for those whose time is over: there is nothing to go back to. */
export async function mirrorRemove(host: Host, going: MirrorsToRemove, title: string): Promise<ReversibleStep> {
  const [table, tunnels] = await Promise.all([readMirrors(host.database), tunnelPorts(host, going.tunnels)])
  const planned = commandsFor(host, going.rows, table, tunnels)
  const names = [...going.rows.map(({ name }) => `mirror ${name}`), ...tunnels.map(({ port }) => `port ${port.name}`)]
  return {
    id: 'mirror.remove',
    title,
    leaves: names.join(' and '),
    keeps: `${names.join(' and ')} stays removed`,
    commands: () => planned,
    isDone: async () => !(await anyLeft(host, going)),
    apply: (signal) => takeAway(host, going, signal),
    undo: () => Promise.resolve(),
  }
}

/** Takes away these rows and ports, as far as they are there; when ovs-vswitchd hangs, their absence counts. */
export async function takeAway(
  host: Host,
  going: MirrorsToRemove,
  signal: AbortSignal,
  waitSeconds?: number,
): Promise<void> {
  const [table, tunnels] = await Promise.all([readMirrors(host.database), tunnelPorts(host, going.tunnels)])
  const uuids = new Set(going.rows.map(({ uuid }) => uuid))
  const present = table.rows.filter(({ uuid }) => uuids.has(uuid))
  try {
    for (const command of commandsFor(host, present, table, tunnels, waitSeconds)) await host.run(command, signal)
  } catch (error) {
    if (await anyLeft(host, going)) throw error
  }
}

/** One transaction for all of them, and a second one where removeMirror asks for it. */
function commandsFor(
  host: Host,
  rows: readonly MirrorRow[],
  { switched }: MirrorTable,
  tunnels: readonly PortOnBridge[],
  waitSeconds?: number,
): readonly Command[] {
  const isTunnel = (uuid: string): boolean => tunnels.some(({ port }) => port.uuid === uuid)
  // Two mirrors may have one output: it is switched over once.
  const met = new Set<string>()
  const removals = rows.map((row) => {
    const { output } = row
    const isFirst = output !== undefined && !met.has(output)
    if (output !== undefined) met.add(output)
    const left: OutputLeft | undefined = isFirst
      ? { uuid: output, isSwitched: switched.has(output), isTunnel: isTunnel(output) }
      : undefined
    return removeMirror(row, left)
  })
  const others = tunnels
    .filter(({ port }) => !met.has(port.uuid))
    .map(({ bridge, port }) => removeTunnel(bridge.name, port.uuid))
  const first = [...removals.flatMap(([one = []]) => one), ...others]
  const second = removals.flatMap(([, one = []]) => one)
  return [first, second].filter((words) => words.length > 0).map((words) => host.vsctl.transaction(words, waitSeconds))
}

/** The ports of those names that were made for mirrors. */
async function tunnelPorts(host: Host, names: readonly string[]): Promise<readonly PortOnBridge[]> {
  if (names.length === 0) return []
  const rows = (await host.ovs.interfaces(names.map((name) => ({ name })))).flat()
  return host.ovs.locate(rows.filter(({ externalIds }) => mirrorNameIn(externalIds) !== undefined))
}

async function anyLeft(host: Host, { rows, tunnels }: MirrorsToRemove): Promise<boolean> {
  const [table, ports] = await Promise.all([readMirrors(host.database), tunnelPorts(host, tunnels)])
  const uuids = new Set(rows.map(({ uuid }) => uuid))
  return ports.length > 0 || table.rows.some(({ uuid }) => uuids.has(uuid))
}
