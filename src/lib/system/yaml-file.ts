// The only file that imports yaml. It is loaded when there is a file to read, and not before.
import type { Document, LineCounter, Node as ParsedNode, Pair } from 'yaml'
import type * as Yaml from 'yaml'

/** A value of a YAML file, with the line it stands on. */
export type YamlNode = YamlScalar | YamlList | YamlMap

export interface YamlScalar {
  readonly kind: 'scalar'
  readonly line: number
  readonly value: string | number | boolean | null
  /** As it was written: 1e3 and 010 stay what a person typed, for parsers that know better than YAML. */
  readonly text: string
}
export interface YamlList {
  readonly kind: 'list'
  readonly line: number
  readonly items: readonly YamlNode[]
}
export interface YamlMap {
  readonly kind: 'map'
  readonly line: number
  readonly entries: readonly YamlEntry[]
}
export interface YamlEntry {
  readonly key: string
  readonly line: number
  readonly value: YamlNode
}

/** A text is no YAML, or has something of YAML that files of settings do without. */
export class YamlProblem extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/**
 * Parses one document of YAML 1.2; undefined when there is nothing in it. Aliases and tags are refused: they make a file
 * mean something else than what it looks like. Error: YamlProblem.
 */
export async function parseYaml(text: string): Promise<YamlNode | undefined> {
  const yaml = await import('yaml')
  const lines = new yaml.LineCounter()
  const document: Document.Parsed = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw new YamlProblem(lineAt(lines, problem.pos[0]), `${problem.message}.`)
  const { contents } = document
  return contents === null || (yaml.isScalar(contents) && contents.value === null)
    ? undefined
    : convert(yaml, lines, contents)
}

const lineAt = (lines: LineCounter, offset = 0): number => Math.max(1, lines.linePos(offset).line)

function convert(yaml: typeof Yaml, lines: LineCounter, node: ParsedNode): YamlNode {
  const line = lineAt(lines, node.range?.[0])
  if (yaml.isAlias(node)) throw new YamlProblem(line, 'An alias (*) cannot be used here.')
  if (node.tag !== undefined) throw new YamlProblem(line, 'A tag (!) cannot be used here.')
  if (yaml.isSeq(node))
    return { kind: 'list', line, items: (node.items as ParsedNode[]).map((item) => convert(yaml, lines, item)) }
  if (yaml.isMap(node)) {
    const entries = (node.items as Pair<ParsedNode, ParsedNode | null>[]).map(({ key, value }) => {
      const name = convert(yaml, lines, key)
      if (name.kind !== 'scalar') throw new YamlProblem(name.line, 'A name must be a word.')
      const nothing: YamlNode = { kind: 'scalar', line: name.line, value: null, text: '' }
      return { key: name.text, line: name.line, value: value === null ? nothing : convert(yaml, lines, value) }
    })
    return { kind: 'map', line, entries }
  }
  const { value, source } = node as { value?: unknown; source?: string }
  if (typeof value === 'string') return { kind: 'scalar', line, value, text: value }
  const plain = typeof value === 'number' || typeof value === 'boolean' ? value : null
  return { kind: 'scalar', line, value: plain, text: source ?? '' }
}
