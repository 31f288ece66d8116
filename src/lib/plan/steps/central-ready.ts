import { setTimeout as pause } from 'node:timers/promises'
import { messageOf, OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { dockerCommand } from '../../ovn/container/docker-command.ts'
import { lifeOf, type CentralRemotes } from '../../ovn/life.ts'
import { dataLost, type Known } from '../../ovn/lost.ts'
import { CONTAINER } from '../../ovn/container/names.ts'
import type { ReversibleStep } from '../step.ts'

/** A large database takes a while to be read; one that is new is there after 0.4 s. */
const LIMIT_MS = 60_000
const AGAIN_MS = 100
/** Docker starts a container again that ends; one that ends this often at once will not come up by itself. */
const MOST_RESTARTS = 3
/** Lines of its log that say why. */
const LOG_LINES = '5'

/**
 * Waits until central takes changes. `known`: only if its databases are those that this host belonged to.
 * Errors: CentralNotReady, CentralDataLost.
 */
export function centralReady(host: Host, remotes: CentralRemotes, known: Known | undefined): ReversibleStep {
  return {
    id: 'central.ready',
    title: 'Wait until both databases and ovn-northd are at work',
    leaves: '',
    goesWith: 'central.start',
    commands: () => [],
    async isDone() {
      const life = await lifeOf(remotes)
      return 'id' in life && (known === undefined || life.id === known.database)
    },
    async apply(signal) {
      const id = await idOfCentral(host, remotes, signal)
      if (known !== undefined && id !== known.database)
        throw dataLost(known, `the databases in the volume of ${CONTAINER} are not those that they are in`)
    },
    undo: () => Promise.resolve(),
  }
}

async function idOfCentral(host: Host, remotes: CentralRemotes, signal: AbortSignal): Promise<string> {
  const end = performance.now() + LIMIT_MS
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  aborted.catch(() => undefined)
  signal.addEventListener(
    'abort',
    () => {
      reject(signal.reason as Error)
    },
    { once: true },
  )
  const before = (await host.docker.settings(CONTAINER))?.restarts ?? 0
  for (;;) {
    // Where packets are dropped it takes ten seconds to answer.
    const life = await Promise.race([lifeOf(remotes), aborted])
    if ('id' in life) return life.id
    const found = await host.docker.settings(CONTAINER)
    if (found === undefined || found.state === 'stopped' || found.state === 'paused')
      throw await notReady(host, `its container is ${found?.state ?? 'gone'}`)
    if (found.restarts - before >= MOST_RESTARTS) throw await notReady(host, 'its container ends again and again')
    if (performance.now() > end) throw await notReady(host, `${life.missing}, after ${String(LIMIT_MS / 1000)} s`)
    await pause(AGAIN_MS, undefined, { signal })
  }
}

async function notReady(host: Host, why: string): Promise<OvsdError> {
  const log = await host
    .run(dockerCommand(host, ['logs', '--tail', LOG_LINES, CONTAINER]))
    .then(({ stdout, stderr }) => `${stdout}${stderr}`, messageOf)
  const said = log.trim() === '' ? '' : `\n  ${log.trim().replaceAll('\n', '\n  ')}`
  return new OvsdError('CentralNotReady', `OVN's central does not come up: ${why}.${said}`, {
    next: `See all of its log: docker logs ${CONTAINER}`,
  })
}
