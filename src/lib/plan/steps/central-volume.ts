import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { dockerCommand } from '../../ovn/container/docker-command.ts'
import { isOfRun, labelled, VOLUME } from '../../ovn/container/names.ts'
import type { ReversibleStep } from '../step.ts'

/** Makes the volume for central's databases. Undone only if this run made it: then there was nothing in it. */
export function centralVolumeCreate(host: Host, run: string): ReversibleStep {
  const create = dockerCommand(host, ['volume', 'create', ...labelled('volume', run), VOLUME])
  const isMade = async (): Promise<boolean> => isOfRun(run, (await host.docker.volume(VOLUME))?.labels ?? {})
  return {
    id: 'central-volume.create',
    title: `Make the volume ${VOLUME} for its databases`,
    leaves: `volume ${VOLUME}`,
    commands: () => [create],
    isDone: async () => (await host.docker.volume(VOLUME)) !== undefined,
    async apply(signal) {
      await host.run(create, signal)
      // The engine gives the one that is there, whosever it is, and leaves it as it is.
      if (!(await isMade()))
        throw new Refused('CentralForeign', `Somebody else has made a volume ${VOLUME} meanwhile.`, {
          next: `See what is in it: docker volume inspect ${VOLUME}`,
        })
    },
    async undo(signal) {
      if (!(await isMade())) return
      try {
        await host.run(dockerCommand(host, ['volume', 'rm', VOLUME]), signal)
      } catch (error) {
        if (await isMade()) throw error
      }
    },
  }
}
