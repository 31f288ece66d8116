import { setTimeout as pause } from 'node:timers/promises'
import { CommandFailed, OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { CHASSIS_QUESTIONS, chassisOf, type ChassisRow } from '../../ovn/chassis-rows.ts'
import type { Chassis } from '../../ovn/chassis.ts'
import { askController } from '../../ovn/controller.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import { northdWorks } from '../../ovn/northd.ts'
import { takesChanges } from '../../ovn/member.ts'
import type { Pair } from '../../ovn/join-words.ts'
import { tlsArguments, type TlsFiles } from '../../ovn/tls.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'

/** An ovn-controller that was just started registers within half a second; one that has been without central tries every 8 s. */
const LIMIT_MS = 30_000
const AGAIN_MS = 50

/**
 * Waits until central knows this host as it is to be, and both have carried out what was written before. Only this host is
 * waited for: another one that is down would hold up `--wait=hv` for ever. Nothing has to be undone.
 */
export function chassisWait(host: Host, central: Pair, chassis: Chassis, tls: TlsFiles | undefined): ReversibleStep {
  const sync: Command = {
    tool: 'ovn-nbctl',
    args: [
      `--db=${central.northbound.text}`,
      ...(tls === undefined ? [] : tlsArguments(tls)),
      '--timeout=20',
      '--wait=sb',
      'sync',
    ],
    timeoutMs: LIMIT_MS,
  }
  return {
    id: 'chassis.wait',
    title: 'Wait until central knows this host',
    leaves: '',
    commands: () => [sync],
    isDone: async () => isAsWanted(await registered(central, chassis.systemId), chassis),
    async apply(signal) {
      using south = new OvnDatabase('southbound', central.southbound)
      await requireNorthd(south)
      await waitFor(
        async () => isAsWanted(await askFor(south, chassis.systemId), chassis),
        signal,
        () => notRegistered(host),
      )
      await overElection(() => host.run(sync, signal), signal)
      using north = new OvnDatabase('northbound', central.northbound)
      const [[row] = []] = await north.select([{ table: 'NB_Global', where: [], columns: ['nb_cfg'] }])
      const target = Number(row?.['nb_cfg'] ?? 0)
      const isInStep = async (): Promise<boolean> => ((await askFor(south, chassis.systemId))?.nbCfg ?? 0) >= target
      await waitFor(isInStep, signal, () => notRegistered(host))
    },
    undo: () => Promise.resolve(),
  }
}

/** Whether central knows this host as it is to be. */
export function isAsWanted(row: ChassisRow | undefined, { encapTypes, encapIp, bridgeMappings }: Chassis): boolean {
  const wanted = encapTypes.map((type) => `${type} ${encapIp}`).sort()
  const found = row?.encaps.map(({ type, ip }) => `${type} ${ip}`).sort() ?? []
  return row !== undefined && found.join() === wanted.join() && row.bridgeMappings === bridgeMappings
}

/** The chassis of that name. Error: DatabaseUnreachable. */
export async function registered(central: Pair, name: string): Promise<ChassisRow | undefined> {
  using south = new OvnDatabase('southbound', central.southbound)
  return await askFor(south, name)
}

const askFor = async (south: OvnDatabase, name: string): Promise<ChassisRow | undefined> =>
  chassisOf(await south.select(CHASSIS_QUESTIONS)).find((row) => row.name === name)

async function requireNorthd(south: OvnDatabase): Promise<void> {
  const leader = (await south.members()).find(takesChanges)
  if (leader !== undefined && !(await northdWorks(leader.endpoint)))
    throw new OvsdError(
      'NorthdMissing',
      'No ovn-northd is at work at central: nothing that is written there would be carried out.',
      {
        next: 'Start it where central is: systemctl start ovn-northd; in a container: docker restart ovn-central',
      },
    )
}

async function notRegistered(host: Host): Promise<OvsdError> {
  const { state, isConnected } = await askController(host)
  const why =
    state === 'running'
      ? isConnected
        ? 'it is connected to central'
        : 'it has no connection to central'
      : `it is ${state}`
  return new OvsdError(
    'ChassisNotRegistered',
    `Central does not know this host ${String(LIMIT_MS / 1000)} s after ovn-controller was told: ${why}.`,
    { next: 'See what it says: tail /var/log/ovn/ovn-controller.log' },
  )
}

/** How long an election may take; while there is no leader, ovn-nbctl fails at once. */
const ELECTION_MS = 10_000
const ELECTION_AGAIN_MS = 500

/** Runs a tool again that has failed, for as long as an election may take. Errors: the last one of it, the reason of the signal. */
async function overElection(run: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ELECTION_MS
  for (;;) {
    try {
      await run()
      return
    } catch (error) {
      const isWorthIt = error instanceof CommandFailed && !error.unknown && performance.now() < end
      if (!isWorthIt || signal.aborted) throw error
      await pause(ELECTION_AGAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Asks until it is so. Errors: the reason of the signal, or what `failure` gives when it does not come about. */
async function waitFor(
  isSo: () => Promise<boolean>,
  signal: AbortSignal,
  failure: () => Promise<OvsdError>,
): Promise<void> {
  const end = performance.now() + LIMIT_MS
  while (!(await isSo())) {
    signal.throwIfAborted()
    if (performance.now() > end) throw await failure()
    // An interrupted pause says that, and not what interrupted it.
    await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined)
  }
}
