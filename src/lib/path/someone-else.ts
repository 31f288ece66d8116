// Whether the answer came from another one that has the same address: tenants may have equal subnets.
import { insideOf } from '../doctor/attachments-seen.ts'
import type { Case, Obstacle } from './case.ts'
import { neighbourOf } from './way.ts'

/** Who answered in place of B: A itself, or another one on its segment. Undefined when it was B, or cannot be told (behind a router). */
export async function someoneElse({ patient, a, b, pair, way }: Case): Promise<Obstacle | undefined> {
  const { address, port } = pair.destination
  if (way?.dev === 'lo' && b.kind === 'container' && b.netns !== a.netns)
    return {
      ...{ cause: 'someone-else', fix: [`nsenter --net=${a.netns} ip address show to ${address}`] },
      said: `${address} is an address of ${a.name} itself, which answers in the place of ${b.name}`,
    }
  const mac = port === undefined ? undefined : insideOf(port)?.mac
  if (mac === undefined || way === undefined || way.via !== undefined) return undefined
  const found = await neighbourOf(patient.host, a.netns, a.name, way, address)
  if (typeof found !== 'object' || found.mac === mac) return undefined
  const { all } = await patient.attachments()
  const other = all.find((one) => insideOf(one)?.mac === found.mac)
  const name = other === undefined ? undefined : (other.life.name ?? other.marks.container)
  return {
    ...{ cause: 'someone-else', fix: [`nsenter --net=${a.netns} ip neighbour show to ${address}`] },
    said: `${address} is also the address of another one, which answers to ${a.name} in its place: ${name ?? `the one with the MAC ${found.mac}`}`,
  }
}
