// Whether what one sends to everybody, or with a tag of its own making, gets to the other, whatever their addresses are.
import { tagOf } from '../doctor/ports/vlan.ts'
import type { AttachmentSeen } from '../doctor/attachments-seen.ts'
import type { Vlan } from '../net/vlan.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { hasStrayed, retag } from '../path/retag.ts'
import type { Expectation, Judged } from './expectation.ts'

type Found = Pick<Judged, 'said' | 'cause' | 'check' | 'fix'>

/** What joins two that are to be apart, by the VLANs of their bridge; undefined when nothing does. */
export function sameSegment({ from, to, apart }: Expectation): Found | undefined {
  if (apart === undefined || to.kind === 'address') return undefined
  for (const a of from.attachments)
    for (const b of to.attachments) {
      const found = isPlain(a) && isPlain(b) ? joined([a, from.name], [b, to.name], apart) : undefined
      if (found !== undefined) return found
    }
  return undefined
}

/** OVN keeps the ports of its switches apart by flows: their tags on its bridge mean nothing. */
const isPlain = ({ where }: AttachmentSeen): boolean =>
  where.bridge.name !== INTEGRATION_BRIDGE || where.interface.externalIds['iface-id'] === undefined

type Named = readonly [port: AttachmentSeen, name: string]

function joined([a, nameOfA]: Named, [b, nameOfB]: Named, apart: 'tenants' | 'segments'): Found | undefined {
  const { bridge } = a.where
  if (bridge.name !== b.where.bridge.name) return undefined
  const [from, to] = [vlansOf(a.where.port.vlan), vlansOf(b.where.port.vlan)]
  if (from.untagged !== undefined && from.untagged === to.untagged) {
    const where = to.untagged === 0 ? `the untagged segment` : `VLAN ${String(to.untagged)}`
    return {
      ...{ cause: 'same-segment', check: null, fix: hasStrayed(a) ? setVlan(a, nameOfA) : setVlan(b, nameOfB) },
      said: `${nameOfA} and ${nameOfB} are both in ${where} of ${bridge.name}: what the one sends to everybody gets to the other`,
    }
  }
  // Between networks that nobody said are of different owners, a port without a VLAN is what it always was (ovsd.8, add-port).
  if (apart !== 'tenants') return undefined
  const tag = commonTag(from, to)
  if (tag === undefined) return undefined
  const [trunk, name] = carries(from, tag) ? ([a, nameOfA] as const) : ([b, nameOfB] as const)
  const other = trunk === a ? nameOfB : nameOfA
  return {
    ...{ cause: 'same-segment', check: 'port.untagged', fix: setVlan(trunk, name) },
    said: `${name} has a trunk port on ${bridge.name}, and can send into VLAN ${String(tag)} of ${other}, and hear what is sent there`,
  }
}

/** What a port lets in and out (ovs-vswitchd.conf.db(5), "VLAN Configuration"): one without any VLAN does so for all tags. */
interface Vlans {
  /** Where frames without a tag go; 0 is the segment without one. Undefined for a trunk, which drops them. */
  readonly untagged: number | undefined
  readonly tags: 'all' | readonly number[]
}

function vlansOf(vlan: Vlan): Vlans {
  switch (vlan.kind) {
    case 'none':
      return { untagged: 0, tags: 'all' }
    case 'access':
      return { untagged: vlan.tag, tags: [] }
    case 'trunk':
      return vlan.trunks.length === 0 ? { untagged: 0, tags: 'all' } : { untagged: undefined, tags: vlan.trunks }
    case 'native':
      return { untagged: vlan.tag, tags: vlan.trunks.length === 0 ? 'all' : vlan.trunks }
  }
}

const carries = ({ tags }: Vlans, tag: number): boolean => tag !== 0 && (tags === 'all' || tags.includes(tag))

/** A tag with which the frames of one get to the other. */
function commonTag(a: Vlans, b: Vlans): number | undefined {
  const known = [a.untagged, b.untagged, ...(a.tags === 'all' ? [] : a.tags), ...(b.tags === 'all' ? [] : b.tags)]
  const has = (one: Vlans, tag: number): boolean => carries(one, tag) || (tag !== 0 && one.untagged === tag)
  return known.find((tag) => tag !== undefined && has(a, tag) && has(b, tag))
}

const setVlan = (port: AttachmentSeen, name: string): readonly string[] => [retag(port, name, tagOf(port) ?? 'TAG')]
