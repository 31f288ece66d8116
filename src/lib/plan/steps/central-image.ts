import { setTimeout as pause } from 'node:timers/promises'
import { CommandFailed, OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { dockerCommand } from '../../ovn/container/docker-command.ts'
import { isOfRun, labelFilter, labelled } from '../../ovn/container/names.ts'
import type { ReversibleStep } from '../step.ts'

/** How long a build may take: it downloads packages. */
const LIMIT_MS = 900_000

/** An engine goes on for a moment with a build whose docker(1) was ended, and may finish a layer, in milliseconds. */
const NOTICE_MS = 1500

/** How much of what a build that failed has printed is said. */
const LAST_LINES = 8

/** What the image is built of. */
export interface ImageSource {
  readonly image: string
  /** The image that it is built on. */
  readonly base: string
  /** The folder with the Dockerfile (packaging/ovn-central). */
  readonly folder: string
}

/**
 * Builds the image of central. Undone if this run built it, with the layers of a build that did not come to its end; a base that
 * had to be fetched stays, for nobody can say whether others use it by now. Error: CentralBuildFailed.
 */
export function centralImageBuild(host: Host, { image, base, folder }: ImageSource, run: string): ReversibleStep {
  let listener: (line: string) => void = () => undefined
  const said: string[] = []
  let wasCut = false
  const build = {
    ...dockerCommand(
      host,
      [
        ...['build', '--force-rm', '--build-arg', `BASE=${base}`],
        ...[...labelled('image', run), '--tag', image, folder],
      ],
      LIMIT_MS,
    ),
    heard: (line: string) => {
      listener(line)
      said.push(line)
    },
  }
  const isMade = async (): Promise<boolean> => isOfRun(run, (await host.docker.image(image))?.labels ?? {})
  return {
    id: 'central-image.build',
    title: `Build the image ${image} on ${base}`,
    leaves: `image ${image}`,
    commands: () => [build],
    isDone: async () => (await host.docker.image(image)) !== undefined,
    tells(to) {
      listener = to
    },
    async apply(signal) {
      try {
        await host.run(build, signal)
      } catch (error) {
        wasCut = signal.aborted
        throw error instanceof CommandFailed && !error.unknown ? buildFailed(image, base, said, error) : error
      }
    },
    async undo(signal) {
      if (wasCut) await pause(NOTICE_MS)
      if (await isMade()) await host.run(dockerCommand(host, ['image', 'rm', image]), signal)
      // Of an image that somebody uses, or that has a name, it takes nothing.
      await host.run(dockerCommand(host, ['image', 'prune', '--force', '--filter', labelFilter('image')]), signal)
    },
  }
}

/** docker(1) says on standard error that a command failed, and somewhere before, on standard output, why. */
function buildFailed(image: string, base: string, said: readonly string[], cause: CommandFailed): OvsdError {
  const lines = said.length === 0 ? [cause.said] : said.slice(-LAST_LINES)
  const why = lines.map((line) => `\n  ${line}`).join('')
  return new OvsdError('CentralBuildFailed', `The image ${image} could not be built on ${base}:${why}`, {
    cause,
    next: 'A host without a way out can be given it: docker save on another one, docker load here. Or name one that is here: --image IMAGE',
  })
}
