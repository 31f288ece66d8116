import type { Inventoried } from '../../src/lib/attach/inventory.ts'
import { json } from './ovsd.ts'

/** What `ovsd list` says, with the filters given. */
export const listed = (...filters: string[]): readonly Inventoried[] =>
  (json('list', ...filters) as { attachments: readonly Inventoried[] }).attachments
