import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { readMarks } from './marks.ts'

/**
 * Names of the interfaces among these that labels ask for: `watch` made them, and makes them again. Not those of
 * containers that are gone, as far as the engine can be asked.
 */
export async function askedByLabels(host: Host, ports: readonly PortOnBridge[]): Promise<readonly string[]> {
  const made = ports.map((where) => readMarks(where.interface.externalIds)).filter(({ owner }) => owner === 'watch')
  const mayCome = await Promise.all(made.map(({ id }) => mayExist(host, id)))
  return made.filter((_, i) => mayCome[i]).map(({ iface }) => iface)
}

async function mayExist(host: Host, id: string): Promise<boolean> {
  try {
    return (await host.docker.find(id)) !== undefined
  } catch (error) {
    if (error instanceof OvsdError) return true
    throw error
  }
}
