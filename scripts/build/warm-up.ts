// Runs the program's commands inside this process and then saves what V8 has compiled by then. Started as a process of its own
// by code-cache.ts: `warm-up.ts CODE CACHE`. Nothing of this is in the program: it does not know that it is being warmed.
import { createRequire } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'
import { Script } from 'node:vm'
import { pretendHost, type PretendHost } from './pretend-host.ts'

type Program = (exports: object, require: NodeJS.Require, module: object, filename: string, dirname: string) => void

/** Command lines whose code is worth having compiled: those people wait for. With the exit status of each. */
function commandLines({ container }: PretendHost): readonly (readonly [status: number, ...argv: string[]])[] {
  // A namespace that is not the host's network is all that add-port asks of --netns: the one of the host name will do.
  const namespace = '--netns=/proc/self/ns/uts'
  const port = ['br0', 'eth1', 'web']
  const addresses = [
    '--ipaddress=10.0.0.2/24',
    '--ipaddress=fd00::2/64',
    '--gateway=10.0.0.1',
    '--vlan=10',
    '--mtu=1450',
  ]
  return [
    [0, '--version'],
    // The container of the pretended engine is this process, whose network is the host's: refused after all looking.
    [1, 'add-port', ...port, ...addresses],
    [0, 'add-port', ...port, ...addresses, namespace],
    [0, 'add-port', ...port, '--ipaddress=10.0.0.2/24', namespace, '--json'],
    [0, 'add-port', ...port, namespace, '--dry-run'],
    [2, 'add-port', 'br0', 'eth1', container, '--vlan=4095'],
    [1, 'del-port', ...port],
    [0, 'del-ports', 'br0', 'web'],
    [1, 'set-vlan', ...port, '10'],
    [0, 'list'],
    [0, 'list', '--json'],
    [0, 'add-port', '--help'],
    // What the shell runs at each TAB.
    [0, '__complete', '--', 'add-port', 'br0', ''],
  ]
}

const [, , codeFile = '', cacheFile = ''] = process.argv
const script = new Script(readFileSync(codeFile, 'latin1'), { filename: 'ovsd.cjs' })
const start = script.runInThisContext() as Program
const require = createRequire(import.meta.url)
const exit = process.exit.bind(process)
const say = process.stderr.write.bind(process.stderr)
/** No command takes longer on a host where nothing happens. */
const LIMIT_MS = 10_000

let printed = ''
process.stdout.write = process.stderr.write = (text: string | Uint8Array) => {
  printed += String(text)
  return true
}
process.setMaxListeners(0)
process.stdout.setMaxListeners(0)

await using host = await pretendHost()
process.env = { ...host.env }
let failed = false
for (const [wanted, ...argv] of commandLines(host)) {
  const status = await runOnce(argv)
  // A command that stops early leaves its code cold, and every later start slow: better no build than that.
  if (status === wanted) continue
  say(`warm run: ovsd ${argv.join(' ')}: status ${String(status)} and not ${String(wanted)}\n${printed}`)
  failed = true
}
writeFileSync(cacheFile, script.createCachedData())
await host[Symbol.asyncDispose]()
exit(failed ? 1 : 0)

/** One run from the first line to process.exit(). Each has modules of its own, but all share what V8 compiled. */
async function runOnce(argv: readonly string[]): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const timer = setTimeout(resolve, LIMIT_MS, NaN)
  printed = ''
  process.argv = [process.execPath, 'ovsd', ...argv]
  process.exitCode = undefined
  process.exit = (() => {
    resolve(Number(process.exitCode ?? 0))
  }) as typeof process.exit
  const module = { exports: {} }
  start(module.exports, require, module, process.execPath, '/')
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    process.exitCode = undefined
    for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal)
  }
}
