import { json } from './ovsd.ts'

/** The keys of `list --json` that tests look at. */
export interface Listed {
  readonly bridge: string
  readonly port: string
  readonly container: string
  readonly containerId: string
  readonly interface: string
  readonly addresses: readonly string[]
  readonly mac: string
  readonly vlan: string
  readonly mtu: number | null
  readonly owner: string
  readonly state: string
  readonly reason: string
}

/** What `ovsd list` says, with the filters given. */
export const listed = (...filters: string[]): readonly Listed[] =>
  (json('list', ...filters) as { attachments: readonly Listed[] }).attachments
