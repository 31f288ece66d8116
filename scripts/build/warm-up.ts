// Runs the program's commands inside this process and then saves what V8 has compiled by then. Started as a process of its own
// by code-cache.ts: `warm-up.ts CODE CACHE`. Nothing of this is in the program: it does not know that it is being warmed.
import { createRequire } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'
import { Script } from 'node:vm'
import { pretendHost, type PretendHost } from './pretend-host.ts'

type Program = (exports: object, require: NodeJS.Require, module: object, filename: string, dirname: string) => void

/** Command lines whose code is worth having compiled: those people wait for. */
function commandLines({ container }: PretendHost): readonly (readonly string[])[] {
  // A namespace that is not the host's network is all that add-port asks of --netns: the one of the host name will do.
  const namespace = '--netns=/proc/self/ns/uts'
  const port = ['br0', 'eth1', 'web']
  const address = ['--ipaddress=10.0.0.2/24', '--ipaddress=fd00::2/64', '--gateway=10.0.0.1', '--vlan=10', '--mtu=1450']
  return [
    ['--version'],
    ['add-port', ...port, ...address],
    ['add-port', ...port, ...address, namespace],
    ['add-port', ...port, '--ipaddress=10.0.0.2/24', namespace, '--json'],
    ['add-port', ...port, namespace, '--dry-run'],
    ['add-port', 'br0', 'eth1', container, '--vlan=4095'],
    ['del-port', ...port],
    ['del-ports', 'br0', 'web'],
    ['set-vlan', ...port, '10'],
    ['list'],
    ['list', '--json'],
    ['show', 'web'],
  ]
}

const [, , codeFile = '', cacheFile = ''] = process.argv
const script = new Script(readFileSync(codeFile, 'latin1'), { filename: 'ovsd.cjs' })
const start = script.runInThisContext() as Program
const require = createRequire(import.meta.url)
const exit = process.exit.bind(process)

// The program's output is of no interest. Failures of its commands are not either: what ran is warm.
process.stdout.write = process.stderr.write = () => true
process.setMaxListeners(0)
process.stdout.setMaxListeners(0)

await using host = await pretendHost()
process.env = { ...host.env }
for (const argv of commandLines(host)) await runOnce(argv)
writeFileSync(cacheFile, script.createCachedData())
await host[Symbol.asyncDispose]()
exit(0)

/** One run from the first line to process.exit(). Each has modules of its own, but all share what V8 compiled. */
async function runOnce(argv: readonly string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  process.argv = [process.execPath, 'ovsd', ...argv]
  process.exitCode = undefined
  process.exit = (() => {
    resolve(undefined)
  }) as typeof process.exit
  const module = { exports: {} }
  start(module.exports, require, module, process.execPath, '/')
  await promise
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal)
}
