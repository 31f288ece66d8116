import { existsSync } from 'node:fs'
import { messageOf, OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import { OURS, TABLES } from '../../ovn/listen.ts'
import { hasIds, mutate, references, textOf, update } from '../../ovsdb/operations.ts'
import { SIDES, type Side } from '../../ovn/remotes.ts'
import type { Operation, RawRow } from '../../ovsdb/client.ts'
import { uuidOf, type Json } from '../../ovsdb/values.ts'
import type { Command } from '../../system/command.ts'
import type { Step } from '../step.ts'
import { DATABASE_FILES, localDatabaseRuns, localRemotes } from './local-central-start.ts'

type Removal = Step & { readonly leaves: string }

const FILES = { northbound: DATABASE_FILES[0], southbound: DATABASE_FILES[1] } as const

/** What ovsd has added to a database so that other hosts reach it. */
interface Added {
  readonly connections: readonly { readonly uuid: string; readonly target: string }[]
  /** Whether certificates were added that nobody else uses. */
  readonly hasFiles: boolean
  /** What takes it away. */
  readonly removal: Command
}

/**
 * Plans that a database of this host listens no more where ovsd has had it listen, and forgets the certificates that ovsd told it of;
 * nothing where there are none. What does not run is changed in its file: it would listen again when it is started. What cannot be
 * read is named as left.
 */
export async function localListenersRemove(host: Host, side: Side): Promise<readonly Removal[]> {
  let added: Added | undefined
  try {
    added = await addedTo(host, side)
  } catch (error) {
    return [unknown(side, error)]
  }
  if (added === undefined) return []
  const { connections, hasFiles, removal } = added
  const targets = connections.map(({ target }) => target).join(', ')
  const what = connections.length === 0 ? 'with certificates' : `listening at ${targets}`
  const isDone = async () => (await addedTo(host, side)) === undefined
  return [
    {
      id: `local-central.silence-${side}`,
      title:
        connections.length === 0
          ? `Have the ${side} database forget its certificates`
          : `Have the ${side} database listen at ${targets} no more${hasFiles ? ', and forget its certificates' : ''}`,
      leaves: `the ${side} database, ${what}`,
      commands: () => [removal],
      isDone,
      async apply(signal) {
        const { stdout } = await host.run(removal, signal)
        // The tools end with 0 whatever the database answered.
        if (!(await isDone()))
          throw new OvsdError('DatabaseRefused', `The ${side} database refused it: ${stdout.trim()}`)
      },
    },
  ]
}

async function addedTo(host: Host, side: Side): Promise<Added | undefined> {
  const runs = await localDatabaseRuns(side)
  if (!runs && !existsSync(FILES[side])) return undefined
  const questions: readonly Operation[] = [
    { table: 'Connection', where: [], columns: ['_uuid', 'target'] },
    { table: 'Connection', where: [hasIds(OURS)], columns: ['_uuid', 'target'] },
    { table: 'SSL', where: [hasIds(OURS)], columns: ['_uuid'] },
  ]
  const [all = [], ours = [], ssl = []] = await (runs ? askServer(side, questions) : askFile(host, side, questions))
  const connections = ours.map((row) => ({ uuid: uuidOf(row['_uuid']), target: textOf(row['target']) }))
  const hasOthers = all.some(
    (row) => /^p?ssl:/.test(textOf(row['target'])) && !connections.some(({ uuid }) => uuid === uuidOf(row['_uuid'])),
  )
  const hasFiles = ssl.length > 0 && !hasOthers
  if (connections.length === 0 && !hasFiles) return undefined
  const { global } = TABLES[side]
  const words = JSON.stringify([
    SIDES[side].database,
    mutate(global, [], ['connections', 'delete', references(connections.map(({ uuid }) => uuid))]),
    ...(hasFiles ? [update(global, [], { ssl: ['set', []] })] : []),
  ])
  const removal: Command = runs
    ? { tool: 'ovsdb-client', args: ['--timeout=8', 'transact', localRemotes(side).text, words] }
    : { tool: 'ovsdb-tool', args: ['transact', FILES[side], words] }
  return { connections, hasFiles, removal }
}

type Rows = readonly (readonly RawRow[])[]

async function askServer(side: Side, questions: readonly Operation[]): Promise<Rows> {
  using database = new OvnDatabase(side, localRemotes(side))
  return await database.select(questions)
}

/** Reads the file of a database that does not run (ovsdb-tool(1), query). */
async function askFile({ run }: Host, side: Side, questions: readonly Operation[]): Promise<Rows> {
  const selects = questions.map((one) => ({ op: 'select', ...one }))
  const words = JSON.stringify([SIDES[side].database, ...selects])
  const { stdout } = await run({ tool: 'ovsdb-tool', args: ['query', FILES[side], words] })
  const results = JSON.parse(stdout) as readonly (Json & { readonly rows?: readonly RawRow[] })[]
  return results.map(({ rows }) => rows ?? [])
}

/** A file of a cluster, or a damaged one. */
const unknown = (side: Side, error: unknown): Removal => ({
  id: `local-central.silence-${side}`,
  title: `See where the ${side} database listens`,
  leaves: `the ${side} database, wherever ovsd had it listen`,
  commands: () => [],
  isDone: () => Promise.resolve(false),
  apply: () =>
    Promise.reject(
      new OvsdError('DatabaseUnreachable', `Nobody knows where the ${side} database listens: ${messageOf(error)}`),
    ),
})
