import { BadInput } from '../errors.ts'

/** How a port carries VLANs. `access` and `native` tags are 1 to 4094 (IEEE 802.1Q; OVS would take 0 and 4095 too). */
export type Vlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'access'; readonly tag: number }
  | { readonly kind: 'trunk'; readonly trunks: readonly number[] }
  | { readonly kind: 'native'; readonly tag: number; readonly trunks: readonly number[] }

export const NO_VLAN: Vlan = { kind: 'none' }

/** Parses one VLAN id. */
export function parseTag(text: string, field = '--vlan'): number {
  const tag = /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : 0
  if (tag < 1 || tag > 4094) throw new BadInput(field, `"${text}" is not a VLAN id from 1 to 4094.`, '100')
  return tag
}

/** Parses `10,20,100-103` into sorted ids without repetition. */
export function parseTrunks(text: string, field = '--trunks'): readonly number[] {
  const ids = new Set<number>()
  for (const part of text.split(',')) {
    const [from = '', to = from, ...more] = part.split('-')
    const first = parseTag(from, field)
    const last = parseTag(to, field)
    if (more.length > 0 || last < first)
      throw new BadInput(field, `"${part}" is not a VLAN id or a range of them.`, '10,20,100-103')
    for (let id = first; id <= last; id++) ids.add(id)
  }
  return [...ids].sort((a, b) => a - b)
}

/** What the three VLAN options say together. `BadInput` when they contradict each other. */
export function parseVlan(
  options: { vlan?: string | undefined; trunks?: string | undefined; native?: string | undefined },
  nameOf: (option: 'vlan' | 'trunks' | 'native-vlan') => string = (option) => `--${option}`,
): Vlan {
  const { vlan, trunks, native } = options
  if (vlan !== undefined && (trunks !== undefined || native !== undefined))
    throw new BadInput(nameOf('vlan'), 'an access port cannot be a trunk as well.', '--trunks 10,20 --native-vlan 5')
  if (vlan !== undefined) return { kind: 'access', tag: parseTag(vlan, nameOf('vlan')) }
  const list = trunks === undefined ? undefined : parseTrunks(trunks, nameOf('trunks'))
  if (native !== undefined) return { kind: 'native', tag: parseTag(native, nameOf('native-vlan')), trunks: list ?? [] }
  return list === undefined ? NO_VLAN : { kind: 'trunk', trunks: list }
}

/** The shortest list of ids and ranges: 10,20,100-103. */
export function compactTrunks(trunks: readonly number[]): string {
  const parts: string[] = []
  let start = 0
  for (let i = 1; i <= trunks.length; i++) {
    if (trunks[i] === (trunks[i - 1] ?? 0) + 1) continue
    const [from, to] = [trunks[start], trunks[i - 1]]
    parts.push(from === to ? String(from) : `${String(from)}-${String(to)}`)
    start = i
  }
  return parts.join(',')
}

/** The VLAN of a port in words for tables: `-`, `10`, `trunk 10,20`, `native 5 trunk 10`. */
export function describeVlan(vlan: Vlan): string {
  switch (vlan.kind) {
    case 'none':
      return '-'
    case 'access':
      return String(vlan.tag)
    case 'trunk':
      return `trunk ${vlan.trunks.length === 0 ? 'all' : compactTrunks(vlan.trunks)}`
    case 'native':
      return `native ${String(vlan.tag)}${vlan.trunks.length > 0 ? ` trunk ${compactTrunks(vlan.trunks)}` : ''}`
  }
}

/** The three columns of a Port row that make its VLAN (ovs-vswitchd.conf.db(5)), as they are, whatever they mean together. */
export interface VlanColumns {
  readonly tag: number | undefined
  readonly trunks: readonly number[]
  /** '' when unset, which means access with a tag and trunk without one. */
  readonly mode: string
}

/** What the columns mean. */
export function vlanOfColumns({ tag, trunks, mode }: VlanColumns): Vlan {
  if (mode.startsWith('native') && tag !== undefined) return { kind: 'native', tag, trunks }
  if (tag !== undefined && mode !== 'trunk') return { kind: 'access', tag }
  return trunks.length > 0 || mode === 'trunk' ? { kind: 'trunk', trunks } : NO_VLAN
}

/** The columns that say it. */
export function columnsOfVlan(vlan: Vlan): VlanColumns {
  switch (vlan.kind) {
    case 'none':
      return { tag: undefined, trunks: [], mode: '' }
    case 'access':
      return { tag: vlan.tag, trunks: [], mode: '' }
    case 'trunk':
      return { tag: undefined, trunks: vlan.trunks, mode: 'trunk' }
    case 'native':
      return { tag: vlan.tag, trunks: vlan.trunks, mode: 'native-untagged' }
  }
}
