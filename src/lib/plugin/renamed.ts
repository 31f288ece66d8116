import { findEndpoint, linksOf } from '../attach/endpoint.ts'
import { readMarks } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { marksSet } from '../plan/steps/marks-set.ts'
import type { Work } from './work.ts'

/**
 * Has the marks of endpoints say what their containers are called now (`docker rename`): mirrors and people go by names. The engine is asked
 * once, and not at all while no container is known. Errors: DockerUnreachable, DockerRefused, those of the database.
 */
export async function keepNames(host: Host, work: Work, limit: () => AbortSignal): Promise<void> {
  const rows = (await host.ovs.interfaces([{ has: { ovsd_owner: 'plugin' } }])).flat()
  const known = rows
    .map(({ externalIds }) => readMarks(externalIds))
    .filter((one) => one.endpoint !== '' && one.id !== '')
  if (known.length === 0) return
  const names = new Map((await host.docker.list()).map(({ id, name }) => [id, name]))
  for (const { endpoint, id, name: before } of known) {
    const name = names.get(id) ?? ''
    if (name === '' || name === before) continue
    await work.endpoint(endpoint, limit(), async () => {
      const found = await findEndpoint(host, endpoint)
      // It ended meanwhile.
      if (found?.marks.id !== id) return { plan: undefined, result: {} }
      const step = marksSet(host, linksOf(endpoint).port, { ovsd_name: name })
      return {
        plan: { onFailure: 'unwind', title: `Note that ${before} is ${name} now`, stages: [[step]] },
        result: {},
      }
    })
  }
}
