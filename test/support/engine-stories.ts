// What Docker engines say to a driver, engine-calls/*.jsonl: an object a line, so that a file can be read and compared.
// The first line is about the engine; then a line for each thing that was done, and after it a line for each call it made.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type Fields = Readonly<Record<string, unknown>>

export interface EngineCall {
  /** With its protocol: `NetworkDriver.Join`. */
  readonly method: string
  /** What the engine said; null for nothing. */
  readonly body: Fields | null
  /** What the driver gave, where the engine repeats that in later calls. */
  readonly answer?: Fields
}

/** A thing that was done, and what the engine called for it. */
export interface Scene {
  readonly does: string
  readonly calls: readonly EngineCall[]
}

/** An engine of some version. */
export interface Engine {
  /** The version, as it says it. */
  readonly engine: string
  /** Whether a real engine said all of it (record-engine-calls.ts); else it was written. */
  readonly isRecorded: boolean
  /** Where it is from. */
  readonly from: string
}

export interface Story extends Engine {
  readonly scenes: readonly Scene[]
}

const FOLDER = fileURLToPath(new URL('engine-calls/', import.meta.url))

/** All of them, the oldest engine first. */
export const stories = (): readonly Story[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => parsed(readFileSync(FOLDER + name, 'utf8')))
    .sort((a, b) => Number.parseFloat(a.engine) - Number.parseFloat(b.engine))

function parsed(text: string): Story {
  const [first = '', ...lines] = text.trim().split('\n')
  const scenes: { does: string; calls: EngineCall[] }[] = []
  for (const line of lines) {
    const said = JSON.parse(line) as EngineCall | { readonly does: string }
    if ('does' in said) scenes.push({ does: said.does, calls: [] })
    else scenes.at(-1)?.calls.push(said)
  }
  return { ...(JSON.parse(first) as Engine), scenes }
}

/** Writes the file of an engine, in the place of an older one, and gives its path. */
export function keepStory({ scenes, ...engine }: Story): string {
  const [version = ''] = /^\d+\.\d+/.exec(engine.engine) ?? []
  const path = `${FOLDER}${version}.jsonl`
  const lines = [engine, ...scenes.flatMap(({ does, calls }) => [{ does }, ...calls])]
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return path
}
