// Real output of the outside tools, recorded by capture.ts into test/captured/.
import { readFileSync } from 'node:fs'

/** What a command said and how it ended, with the version of the tool that said it. */
export interface Captured {
  readonly command: string
  readonly version: string
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** The recording of that name, e.g. `ip/address-show`. */
export function captured(name: string): Captured {
  return parse(readFileSync(new URL(`../captured/${name}.txt`, import.meta.url), 'utf8'))
}

/** Bytes of a recorded answer, e.g. `docker/list.http`. */
export function capturedBytes(name: string): Buffer {
  return readFileSync(new URL(`../captured/${name}`, import.meta.url))
}

const FORM = /^command: (.*)\nversion: (.*)\nstatus: (\d+)\nstdout:\n([\s\S]*)\nstderr:\n([\s\S]*)$/

/** The text of a recording; what `parse` takes apart. */
export function format({ command, version, status, stdout, stderr }: Captured): string {
  return `command: ${command}\nversion: ${version}\nstatus: ${status}\nstdout:\n${stdout}\nstderr:\n${stderr}`
}

function parse(text: string): Captured {
  const [, command, version, status, stdout, stderr] = FORM.exec(text) ?? []
  if (command === undefined || version === undefined || stdout === undefined || stderr === undefined)
    throw new Error('not a recording')
  return { command, version, status: Number(status), stdout, stderr }
}
