// Whether the container, and the life of it, that a port was made for is still there.
import { isContainerName } from '../docker/container-name.ts'
import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { netnsInode } from '../system/netns.ts'
import { sideBySide } from '../system/side-by-side.ts'
import { readMarks, type Marks } from './marks.ts'

/** Why a port is nobody's although its container runs. */
export const RESTARTED = 'its container was restarted'

/** Whether the Docker engine answers at all. */
export async function engineAnswers(host: Host): Promise<boolean> {
  try {
    await host.docker.ping()
    return true
  } catch (error) {
    if (error instanceof OvsdError) return false
    throw error
  }
}

/** The namespace in which an attachment should be, if its container lives, and whether it is the same life. */
export interface Life {
  readonly path?: string
  readonly id?: string
  readonly name?: string
  readonly reason?: string
  /** Why nothing can be said about it. */
  readonly unknown?: string
}

/** The lives of all these ports by uuid of their Interface rows; `engine` says whether Docker can be asked. */
export async function livesOf(host: Host, ports: readonly PortOnBridge[], engine: boolean): Promise<Map<string, Life>> {
  const lives = new Map<string, Life>()
  await sideBySide(ports, async ({ interface: row }) => {
    lives.set(row.uuid, await lifeOf(host, readMarks(row.externalIds), engine))
  })
  return lives
}

/** One container that the engine cannot describe must not hide all others. */
function orUnknown(error: unknown): 'unknown' {
  if (error instanceof OvsdError) return 'unknown'
  throw error
}

async function lifeOf(host: Host, marks: Marks, engine: boolean): Promise<Life> {
  if (marks.netns !== '') {
    const same = String(netnsInode(marks.netns) ?? '') === marks.generation
    return same ? { path: marks.netns } : { reason: 'its network namespace is gone' }
  }
  const text = marks.id === '' ? marks.container : marks.id
  if (text === '') return {}
  if (!engine) return { unknown: 'the Docker engine does not answer' }
  if (!isContainerName(text)) return { reason: 'its container is gone' }
  const container = await host.docker.find(text).catch(orUnknown)
  if (container === 'unknown') return { unknown: 'the Docker engine does not say what became of its container' }
  if (container === undefined) return { reason: 'its container is gone' }
  const { id, name } = container
  if (!container.running) return { id, name, reason: 'its container is not running' }
  if (marks.generation !== '' && marks.generation !== container.generation) return { id, name, reason: RESTARTED }
  return { id, name, path: `/proc/${String(container.pid)}/ns/net` }
}
