import { admissions, admitted, dismissals } from '../../attach/external-docker.ts'
import type { Leg } from '../../attach/external-leg.ts'
import type { Host } from '../../host.ts'
import type { ReversibleStep } from '../step.ts'

/** Has Docker's firewall let the leg through, which otherwise drops what is forwarded. */
export function externalAdmit(host: Host, leg: Leg): ReversibleStep {
  return {
    id: 'external.admit',
    title: `Admit ${leg.ip} to Docker's chain DOCKER-USER`,
    leaves: `rules for ${leg.end} in the chain DOCKER-USER`,
    commands: () => admissions(leg, []),
    isDone: async (signal) => admissions(leg, (await admitted(host.run, signal)) ?? []).length === 0,
    async apply(signal) {
      const present = await admitted(host.run, signal)
      // The chain went meanwhile, and the firewall with it.
      if (present === undefined) return
      for (const command of admissions(leg, present)) await host.run(command, signal)
    },
    undo: (signal) => dismiss(host, [leg], signal),
  }
}

/** Takes the rules of legs out of the chain, if there are any. */
export async function dismiss(
  host: Host,
  legs: readonly { readonly end: string; readonly ip: string }[],
  signal: AbortSignal,
): Promise<void> {
  const present = (await admitted(host.run, signal)) ?? []
  for (const leg of legs) for (const command of dismissals(leg, present)) await host.run(command, signal)
}
