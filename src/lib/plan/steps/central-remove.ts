import type { Host } from '../../host.ts'
import { dockerCommand } from '../../ovn/container/docker-command.ts'
import { CONTAINER, VOLUME } from '../../ovn/container/names.ts'
import type { Command } from '../../system/command.ts'
import type { Step } from '../step.ts'

type Removal = Step & { readonly leaves: string }

/** Ends central in order, so that its databases are closed, and removes its container; `id` is what is removed. */
export function centralRemove(host: Host, id: string): Removal {
  const [stop, remove] = [dockerCommand(host, ['stop', '-t', '10', id]), dockerCommand(host, ['rm', '--force', id])]
  return removal({
    ...{ id: 'central.remove', what: `the container ${CONTAINER}`, commands: [stop, remove] },
    isGone: async () => (await host.docker.settings(id)) === undefined,
    host,
  })
}

/** Removes the network that was made for central; the engine refuses that while somebody is in it. */
export function centralNetworkRemove(
  host: Host,
  { id, name }: { readonly id: string; readonly name: string },
): Removal {
  return removal({
    ...{ id: 'central-network.remove', what: `the Docker network ${name}` },
    commands: [dockerCommand(host, ['network', 'rm', id])],
    isGone: async () => !(await host.docker.networks()).some((one) => one.id === id),
    host,
  })
}

/** Removes central's databases. */
export function centralVolumeRemove(host: Host): Removal {
  return removal({
    ...{ id: 'central-volume.remove', what: `the volume ${VOLUME}, with the databases` },
    commands: [dockerCommand(host, ['volume', 'rm', VOLUME])],
    isGone: async () => (await host.docker.volume(VOLUME)) === undefined,
    host,
  })
}

interface Facts {
  readonly id: string
  readonly what: string
  readonly commands: readonly Command[]
  readonly isGone: () => Promise<boolean>
  readonly host: Host
}

function removal({ id, what, commands, isGone, host }: Facts): Removal {
  return {
    id,
    title: `Remove ${what}`,
    leaves: what.replace(/^the /, ''),
    commands: () => commands,
    isDone: isGone,
    async apply(signal) {
      if (await isGone()) return
      for (const command of commands) await host.run(command, signal)
    },
  }
}
