import type { FileValues } from './settings-file.ts'
import { fileNameOf, IGNORED, THEIRS, variableOf, type Setting } from './settings-names.ts'

export type Given = Readonly<Record<string, string | undefined>>

/** A value with the name of the place it comes from, for messages. */
export interface Sourced {
  readonly text: string
  readonly field: string
}

/** Where settings come from, in order. An empty variable counts as not given, as in files for systemd units. */
export class Sources {
  readonly notices: string[] = []
  readonly #flags: Given
  readonly #env: Given
  readonly #file: FileValues

  constructor(flags: Given, env: Given, file: FileValues) {
    this.#flags = flags
    this.#env = env
    this.#file = file
    for (const [name, why] of Object.entries(IGNORED))
      if (this.variable(name) !== undefined) this.notices.push(`${name} has no effect: ${why}.`)
  }

  /** The value of a setting, parsed; undefined when nobody gave one. Error: BadInput. */
  take<T>(setting: Setting, parse: (text: string, field: string) => T): T | undefined {
    const found = this.#find(setting)
    return found === undefined ? undefined : parse(found.text, found.field)
  }

  #find(setting: Setting): Sourced | undefined {
    const theirs = THEIRS[setting]
    return (
      this.ours(setting) ??
      (theirs?.env === undefined ? undefined : this.variable(theirs.env)) ??
      this.inFile(fileNameOf(setting), ...(theirs?.file ?? []))
    )
  }

  /** The option, or the variable of ovsd. */
  ours(setting: Setting): Sourced | undefined {
    const flag = this.#flags[setting]
    return flag === undefined ? this.variable(variableOf(setting)) : { text: flag, field: `--${setting}` }
  }

  /** A variable of the environment. */
  variable(name: string): Sourced | undefined {
    const text = this.#env[name]
    return text === undefined || text === '' ? undefined : { text, field: name }
  }

  /** The first of these names that the file has. */
  inFile(...names: readonly string[]): Sourced | undefined {
    return names.map((name) => this.#file.get(name)).find((found) => found !== undefined)
  }
}
