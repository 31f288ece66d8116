import type { Host } from '../../host.ts'
import { dockerCommand } from '../../ovn/container/docker-command.ts'
import { CONTAINER, isOfRun } from '../../ovn/container/names.ts'
import { createArguments, type Wanted } from '../../ovn/container/wanted.ts'
import type { ReversibleStep } from '../step.ts'

/** Makes central's container, without starting it. Undone only if this run made it. */
export function centralCreate(host: Host, wanted: Wanted, run: string): ReversibleStep {
  const create = dockerCommand(host, createArguments(wanted, run))
  const madeId = async (): Promise<string | undefined> => {
    const found = await host.docker.settings(CONTAINER)
    return found !== undefined && isOfRun(run, found.labels) ? found.id : undefined
  }
  return {
    id: 'central.create',
    title: `Make the container ${CONTAINER} at ${wanted.address}`,
    leaves: `container ${CONTAINER}`,
    commands: () => [create],
    isDone: async () => (await host.docker.settings(CONTAINER)) !== undefined,
    async apply(signal) {
      await host.run(create, signal)
    },
    async undo(signal) {
      const id = await madeId()
      if (id === undefined) return
      try {
        await host.run(dockerCommand(host, ['rm', '--force', id]), signal)
      } catch (error) {
        if ((await madeId()) !== undefined) throw error
      }
    },
  }
}

/** Starts central's container. `isMade` by this very run: then it goes with all that it is. Else undo stops it again. */
export function centralStart(host: Host, isMade: boolean): ReversibleStep {
  const start = dockerCommand(host, ['start', CONTAINER])
  const isRunning = async (): Promise<boolean> =>
    ['running', 'restarting'].includes((await host.docker.settings(CONTAINER))?.state ?? '')
  return {
    id: 'central.start',
    title: `Start the container ${CONTAINER}`,
    leaves: `container ${CONTAINER}, which runs`,
    ...(isMade ? { goesWith: 'central.create' } : {}),
    commands: () => [start],
    isDone: isRunning,
    async apply(signal) {
      await host.run(start, signal)
    },
    async undo(signal) {
      if (await isRunning()) await host.run(dockerCommand(host, ['stop', '-t', '5', CONTAINER]), signal)
    },
  }
}
