// The `debug` package, loaded only when DEBUG asks for output: oclif makes some twenty loggers at each start.
interface Log {
  (...values: unknown[]): void
  enabled: boolean
  namespace: string
  extend(name: string): Log
}

declare const require: (name: string) => (namespace: string) => Log

export default function makeLog(namespace: string): Log {
  let real: Log | undefined
  const log = (...values: unknown[]): void => {
    if (process.env['DEBUG'] !== undefined) (real ??= require('debug')(namespace))(...values)
  }
  return Object.assign(log, { enabled: false, namespace, extend: (name: string) => makeLog(`${namespace}:${name}`) })
}
