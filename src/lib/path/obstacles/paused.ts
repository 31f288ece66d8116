import { OvsdError } from '../../errors.ts'
import type { Case, Obstacle } from '../case.ts'
import { describeTraffic } from '../question.ts'

/**
 * The processes of B stand still (docker pause, cgroup freezer). Its kernel goes on: it answers pings, and takes TCP connections until the
 * queue of who listens is full (listen(2), backlog).
 */
export async function paused({ patient, b, traffic, probed }: Case): Promise<Obstacle | undefined> {
  if (b.kind !== 'container' || traffic.kind === 'icmp' || probed === 'refused') return undefined
  const id = b.attachments.map(({ life }) => life.id).find((one) => one !== undefined)
  if (id === undefined || (await stateOf(patient.host.docker, id)) !== 'paused') return undefined
  const gets = probed === 'arrives'
  return {
    cause: 'paused',
    said: `${b.name} is paused: ${gets ? 'its kernel takes connections, and nothing in it answers' : `nothing in it takes ${describeTraffic(traffic)}`}`,
    fix: [`docker unpause ${b.name}`],
    arrives: gets,
  }
}

async function stateOf(docker: Case['patient']['host']['docker'], id: string): Promise<string | undefined> {
  try {
    return (await docker.settings(id))?.state
  } catch (error) {
    // The engine that does not answer keeps no packet.
    if (error instanceof OvsdError) return undefined
    throw error
  }
}
