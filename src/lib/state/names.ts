// What the store holds, and the names of its files. An id comes from Docker or from a record, and becomes a name on disk:
// so nothing but 64 hex digits is ever one.
import { OvsdError } from '../errors.ts'

/** The folders of the store: one for each kind of thing. */
export const KINDS = ['networks', 'endpoints', 'ipam', 'ovn'] as const
export type Kind = (typeof KINDS)[number]

/** One thing of the store. `id` is 64 hex digits, for `ovn` a plain word such as logical-switches. */
export interface StateName {
  readonly kind: Kind
  readonly id: string
}

const HEX = '[0-9a-f]{64}'
const PATTERNS: Readonly<Record<Kind, { readonly id: RegExp; readonly file: RegExp; readonly end: string }>> = {
  networks: { id: new RegExp(`^${HEX}$`), file: new RegExp(`^(${HEX})\\.json$`), end: '.json' },
  endpoints: { id: new RegExp(`^${HEX}$`), file: new RegExp(`^(${HEX})\\.json$`), end: '.json' },
  ipam: { id: new RegExp(`^${HEX}$`), file: new RegExp(`^(${HEX})-pool\\.json$`), end: '-pool.json' },
  ovn: { id: /^[a-z][a-z0-9-]{0,62}$/, file: /^([a-z][a-z0-9-]{0,62})\.json$/, end: '.json' },
}

export const isKind = (text: string): text is Kind => (KINDS as readonly string[]).includes(text)

/** Whether there can be such a thing. */
export const isStateName = ({ kind, id }: StateName): boolean => PATTERNS[kind].id.test(id)

/** The name of a file within the folder of its kind. Error: StateNameInvalid. */
export function fileNameOf({ kind, id }: StateName): string {
  if (isStateName({ kind, id })) return `${id}${PATTERNS[kind].end}`
  throw new OvsdError(
    'StateNameInvalid',
    `${JSON.stringify(id.slice(0, 80))} is not an id that the store has a file for (${kind}).`,
    { next: 'Ids of networks and endpoints are 64 hex digits: docker network ls --no-trunc' },
  )
}

/** What a file of this name holds; undefined for a name that the store never gives. */
export function nameOfFile(kind: Kind, file: string): StateName | undefined {
  const id = PATTERNS[kind].file.exec(file)?.[1]
  return id === undefined ? undefined : { kind, id }
}

/** Whether a name is that of a file which was put aside (set-aside.ts), or of one that a killed run had not finished. */
export const isBackup = (file: string): boolean => /\.json\.backup(\.\d+)?$/.test(file)
export const isUnfinished = (file: string): boolean => /^\..+\.tmp$/.test(file)
