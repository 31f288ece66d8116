// The marks that tools leave on their rows (docs: COMPATIBILITY in man/ovsd.8). Others' ports are shown, and touched
// only when the user names them.
import type { InterfaceRow } from '../ovs/rows.ts'
import { readMarks } from './marks.ts'

/** The tool, or the part of ovsd, that made a port; undefined for one that is no container's. */
export function ownerOf(row: InterfaceRow): string | undefined {
  const marks = readMarks(row.externalIds)
  if (marks.part !== '') return undefined
  if (marks.ours) return `ovsd ${marks.owner}`.trim()
  if (marks.container !== '') return marks.iface === '' ? 'ovs-port-manager' : 'ovs-docker'
  const keys = Object.keys(row.externalIds)
  if (keys.some((key) => key.startsWith('pipework.'))) return 'pipework'
  if (keys.includes('iface-id')) return 'ovn'
  if (row.name.startsWith('ovs-veth0-')) return 'docker-ovs-plugin'
  if (/^odsve[0-9a-f]/.test(row.name)) return 'dovesnap'
  return undefined
}
