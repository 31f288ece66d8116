// Which way data goes on a descriptor of a subprocess, for the values that need no guessing.
interface StdioItem {
  readonly type: string
  readonly value: unknown
}

const NATIVE = new Set<unknown>(['pipe', 'ignore', 'inherit', 'overlapped'])

export function getStreamDirection(options: {
  readonly stdioItems: readonly StdioItem[]
  readonly fdNumber: number
}): 'input' | 'output' {
  const { stdioItems, fdNumber } = options
  for (const { type, value } of stdioItems)
    if (type !== 'native' || !(NATIVE.has(value) || typeof value === 'number'))
      throw new Error(`stdio values of the kind ${type} were left out of this build of ovsd`)
  return fdNumber === 0 ? 'input' : 'output'
}
