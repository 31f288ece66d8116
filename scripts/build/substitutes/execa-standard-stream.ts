// The same answers without opening the three streams: asking process for one of them opens it.
import process from 'node:process'

const NAMES = ['stdin', 'stdout', 'stderr'] as const

interface AnyStream {
  readonly fd?: number
}

/** Only the streams of descriptors 0 to 2 have these numbers, and they exist when something else has asked for them. */
export function isStandardStream(stream: AnyStream | undefined): boolean {
  const name = NAMES[stream?.fd ?? -1]
  return name !== undefined && process[name] === (stream as unknown)
}

export const STANDARD_STREAMS = {
  indexOf: (stream: AnyStream | undefined) => (isStandardStream(stream) ? (stream?.fd ?? -1) : -1),
  get 0() {
    return process.stdin
  },
  get 1() {
    return process.stdout
  },
  get 2() {
    return process.stderr
  },
}
export const STANDARD_STREAMS_ALIASES = NAMES
export const getStreamName = (fd: number): string => NAMES[fd] ?? `stdio[${String(fd)}]`

const ALL = Symbol('all')
export const setAllStream = <T extends object>(stream: T): T => Object.assign(stream, { [ALL]: true })
export const isAllStream = (stream: { [ALL]?: boolean } | undefined): boolean => stream?.[ALL] === true
