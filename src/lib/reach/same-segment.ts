// Whether what one sends to everybody, or with a tag of its own making, gets to the other, whatever their addresses are.
import { segment } from '../attach/taken.ts'
import type { AttachmentSeen } from '../doctor/attachments-seen.ts'
import type { Vlan } from '../net/vlan.ts'
import { hasStrayed, ownTag, retag } from '../path/retag.ts'
import type { Expectation, Judged } from './expectation.ts'

type Found = Pick<Judged, 'said' | 'cause' | 'check' | 'fix'>

/** What joins two that are to be apart, by the VLANs of their bridge; undefined when nothing does. */
export function sameSegment({ from, to, apart }: Expectation): Found | undefined {
  if (apart === undefined || to.kind === 'address') return undefined
  for (const a of from.attachments)
    for (const b of to.attachments) {
      const found = isPlain(a) && isPlain(b) ? joined(a, b, from.name, to.name, apart) : undefined
      if (found !== undefined) return found
    }
  return undefined
}

/** OVN keeps the ports of its switches apart by flows: their tags on the bridge mean nothing. */
const isPlain = ({ where }: AttachmentSeen): boolean => where.interface.externalIds['iface-id'] === undefined

function joined(
  a: AttachmentSeen,
  b: AttachmentSeen,
  nameOfA: string,
  nameOfB: string,
  apart: 'tenants' | 'segments',
): Found | undefined {
  const { bridge } = a.where
  if (bridge.name !== b.where.bridge.name) return undefined
  const [from, to] = [a.where.port.vlan, b.where.port.vlan]
  if (segment(from) === segment(to)) {
    const where = segment(to) === 0 ? `the untagged segment` : `VLAN ${String(segment(to))}`
    return {
      ...{ cause: 'same-segment', check: null },
      said: `${nameOfA} and ${nameOfB} are both in ${where} of ${bridge.name}: what the one sends to everybody gets to the other`,
      fix: hasStrayed(a) ? setVlan(a, nameOfA) : setVlan(b, nameOfB),
    }
  }
  // Between networks that nobody said are of different owners, a port without a VLAN is what it always was (ovsd.8, add-port).
  if (apart !== 'tenants' || !carries(from, segment(to))) return undefined
  return {
    ...{ cause: 'same-segment', check: 'port.untagged' },
    said: `${nameOfA} has a trunk port on ${bridge.name}, and can send into VLAN ${String(segment(to))} of ${nameOfB}`,
    fix: setVlan(a, nameOfA),
  }
}

/** Whether a port lets frames with that tag in: one without any VLAN does for all (ovs-vswitchd.conf.db(5), trunks). */
const carries = (vlan: Vlan, tag: number): boolean =>
  tag !== 0 &&
  (vlan.kind === 'none' ||
    ((vlan.kind === 'trunk' || vlan.kind === 'native') && (vlan.trunks.length === 0 || vlan.trunks.includes(tag))))

const setVlan = (port: AttachmentSeen, name: string): readonly string[] => [retag(port, name, ownTag(port) ?? 'TAG')]
