import { setTimeout as pause } from 'node:timers/promises'
import type { Host } from '../../host.ts'
import type { Pair } from '../../ovn/join-words.ts'
import { tlsArguments, type TlsFiles } from '../../ovn/tls.ts'
import type { Command } from '../../system/command.ts'
import type { Step } from '../step.ts'
import { registered } from './chassis-wait.ts'

/** Where a chassis is registered, and how central is reached. */
export interface Registration {
  readonly central: Pair
  readonly tls: TlsFiles | undefined
  readonly systemId: string
}

function unregister({ central, tls, systemId }: Registration): Command {
  const words = tls === undefined ? [] : tlsArguments(tls)
  return {
    tool: 'ovn-sbctl',
    args: [`--db=${central.southbound.text}`, ...words, '--timeout=8', '--if-exists', 'chassis-del', systemId],
  }
}

/** How often, and how long between: ovn-controller may not have heard yet that it belongs to central no more. */
const TRIES = 5
const AGAIN_MS = 200

/** Takes a chassis out of central whose ovn-controller goes on without it, and has just been told. */
export async function unregisterRunning(host: Host, where: Registration, signal: AbortSignal): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if ((await registered(where.central, where.systemId)) !== undefined) await host.run(unregister(where), signal)
    await pause(AGAIN_MS)
    if ((await registered(where.central, where.systemId)) === undefined) return
  }
}

/** Takes a chassis out of central, if its ovn-controller has not done so itself: one that was killed cannot. */
export function chassisRemove(host: Host, registration: Registration): Step & { readonly leaves: string } {
  const { central, systemId } = registration
  const where = central.southbound.text
  const command = unregister(registration)
  const isGone = async (): Promise<boolean> => (await registered(central, systemId)) === undefined
  return {
    id: 'chassis.remove',
    title: `Take ${systemId} out of central`,
    leaves: `chassis ${systemId} in ${where}, to be removed there: ovn-sbctl chassis-del ${systemId}`,
    commands: () => [command],
    isDone: isGone,
    async apply(signal) {
      if (!(await isGone())) await host.run(command, signal)
    },
  }
}
