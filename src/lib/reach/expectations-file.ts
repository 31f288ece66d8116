// Expectations that somebody wrote down, in YAML: ovsd-expectations(5).
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { BadInput, messageOf, OvsdError, Refused } from '../errors.ts'
import { parseTraffic, type Traffic } from '../path/question.ts'
import { parseYaml, YamlProblem, type YamlMap, type YamlNode } from '../system/yaml-file.ts'
import { closest } from '../ui/closest.ts'
import { parseSelector, type Selector } from './selector.ts'

/** Everything of `from` to everything of `to`, by each of `by`. */
export interface Written {
  readonly line: number
  readonly reach: boolean
  readonly from: readonly Selector[]
  readonly to: readonly Selector[]
  readonly by: readonly Traffic[]
  /** Of what must not be: not even what is sent to everybody, or with a tag, gets there. */
  readonly apart?: 'tenants' | 'segments'
}

const EXAMPLE = 'For example: reach: [{ from: web, to: db, by: tcp/5432 }]'
const MOST_BYTES = 1024 * 1024

/** Reads a file of expectations. Errors: ExpectationsUnread, ExpectationsInvalid. */
export async function readExpectations(path: string): Promise<readonly Written[]> {
  const text = await read(path)
  try {
    return parseExpectations(await parseYaml(text), path)
  } catch (error) {
    if (error instanceof YamlProblem) throw invalid(path, error.line, error.message, EXAMPLE)
    throw error
  }
}

async function read(path: string): Promise<string> {
  try {
    // O_NONBLOCK: a named pipe must not be waited for.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (!stat.isFile()) throw unread(path, 'it is not a regular file')
    if (stat.size > MOST_BYTES) throw unread(path, `it has more than ${String(MOST_BYTES)} bytes`)
    return await file.readFile('utf8')
  } catch (cause) {
    if (cause instanceof OvsdError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    throw unread(path, code === 'ENOENT' ? 'there is no such file' : messageOf(cause), cause)
  }
}

const unread = (path: string, why: string, cause?: unknown): Refused =>
  new Refused('ExpectationsUnread', `The expectations in ${path} cannot be read: ${why}.`, {
    ...(cause === undefined ? {} : { cause }),
    next: 'Write what should be there now into a file first: ovsd check --print > expectations.yaml',
  })

const invalid = (path: string, line: number, why: string, next: string): OvsdError =>
  new OvsdError('ExpectationsInvalid', `${path}, line ${String(line)}: ${why}`, { next }, 2)

/** What the content of a file means. An empty one expects nothing, and that is a mistake. Error: ExpectationsInvalid. */
export function parseExpectations(content: YamlNode | undefined, path: string): readonly Written[] {
  if (content === undefined)
    throw invalid(path, 1, 'there is nothing in it, so everything would be as expected.', EXAMPLE)
  const entries = named(content, ['reach', 'deny'], path)
  const all = [...entries].flatMap(([key, node]) => {
    if (node.kind !== 'list') throw invalid(path, node.line, `${key}: this is no list.`, EXAMPLE)
    return node.items.map((item) => parseOne(item, key === 'reach', path))
  })
  if (all.length === 0) throw invalid(path, content.line, 'nothing is expected in it.', EXAMPLE)
  return all
}

function parseOne(node: YamlNode, reach: boolean, path: string): Written {
  const parts = named(node, reach ? ['from', 'to', 'by'] : ['from', 'to', 'by', 'apart'], path)
  const [from, to] = (['from', 'to'] as const).map((key) => {
    const one = parts.get(key)
    if (one === undefined) throw invalid(path, node.line, `${key} is missing.`, EXAMPLE)
    return words(one, key, path, parseSelector)
  })
  const [by, apart] = [parts.get('by'), parts.get('apart')]
  const address = from?.find(({ kind }) => kind === 'address')
  if (address !== undefined)
    throw invalid(path, node.line, 'from: packets are sent out of containers, not of addresses.', EXAMPLE)
  return {
    ...{ line: node.line, reach, from: from ?? [], to: to ?? [] },
    by: by === undefined ? [{ kind: 'icmp' }] : words(by, 'by', path, parseTraffic),
    ...(apart === undefined ? {} : { apart: parseApart(apart, path) }),
  }
}

function parseApart(node: YamlNode, path: string): 'tenants' | 'segments' {
  const text = node.kind === 'scalar' ? node.text : ''
  if (text === 'tenants' || text === 'segments') return text
  throw invalid(path, node.line, 'apart: this is neither tenants nor segments.', 'For example: apart: tenants')
}

/** A word, or a list of words. */
function words<T>(node: YamlNode, key: string, path: string, parse: (text: string, field: string) => T): readonly T[] {
  const items = node.kind === 'list' ? node.items : [node]
  if (items.length === 0) throw invalid(path, node.line, `${key}: the list is empty.`, EXAMPLE)
  return items.map((item) => {
    if (item.kind !== 'scalar' || item.value === null)
      throw invalid(path, item.line, `${key}: this is neither a word nor a list of words.`, EXAMPLE)
    try {
      return parse(item.text, key)
    } catch (error) {
      if (!(error instanceof BadInput)) throw error
      throw invalid(path, item.line, error.message, error.next ?? EXAMPLE)
    }
  })
}

/** The entries of a map that has no others than these. */
function named(node: YamlNode, known: readonly string[], path: string): ReadonlyMap<string, YamlNode> {
  if (node.kind !== 'map') throw invalid(path, node.line, `this should have ${known.join(', ')}.`, EXAMPLE)
  refuseUnknown(node, known, path)
  return new Map(node.entries.map(({ key, value }) => [key, value]))
}

function refuseUnknown({ entries }: YamlMap, known: readonly string[], path: string): void {
  const unknown = entries.find(({ key }) => !known.includes(key))
  if (unknown === undefined) return
  const near = closest(unknown.key.slice(0, 40), known)
  throw invalid(
    path,
    unknown.line,
    `there is no ${JSON.stringify(unknown.key.slice(0, 80))} here.`,
    near === undefined ? `There are: ${known.join(', ')}` : `Did you mean ${near}?`,
  )
}
