// Loaded by scripts/test.ts beside the specs of a private host, which share it: after the last suite of each file nothing of that file
// is there. What is there fails the file that left it, by name, and is taken away, so that the files after it are judged by
// themselves. (One suite that ended early has left ovn-controller running, and thirty tests of other files failed for its bridge.)
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { RootHookObject, Suite } from 'mocha'
import { insidePrivateHost } from '../../lab/host.ts'
import { OVN_CTL } from './ovn.ts'
import { tool } from './tool.ts'

const ENGINE_SOCKET = '/run/docker.sock'
const OVN_RUNDIR = '/run/ovn'
const STORE = '/var/lib/ovsd'

export const mochaHooks: RootHookObject = {
  beforeAll(this: Mocha.Context) {
    const root = this.test?.parent
    const lastOf = new Map<string, Suite>()
    for (const suite of root?.suites ?? []) lastOf.set(suite.file ?? '', suite)
    for (const suite of lastOf.values()) suite.afterAll('leaves nothing behind', takeAway)
  },
}

/** Takes away what is left on the host; throws when there was something. */
function takeAway(this: Mocha.Context): void {
  if (!insidePrivateHost()) throw new Error('this is the machine itself: run it through lab/run.ts')
  this.timeout(60_000)
  // What mocha has in memory costs time at each start of a tool (scripts/test.ts).
  globalThis.gc?.()
  // Those of ovsd first: they would put back what is taken away.
  const first = daemonsOfOvsd()
  const left = [...daemonsOfOvn(), ...containers(), ...bridges()]
  // A suite that failed has left these: it is failed already, and the files after it are not to be.
  const more = [...first, ...networks()]
  if (more.length > 0) console.log(`    taken away: ${more.join(', ')}`)
  // Copies of networks that a test has lost on purpose stay there, as they should: to the next file they would be a loss of its own.
  rmSync(STORE, { recursive: true, force: true })
  if (left.length > 0) throw new Error(`left behind, and taken away now: ${left.join(', ')}`)
}

/** Nothing here waits for ovs-vswitchd, and for the database not long. */
const vsctl = (...words: string[]): string => tool('ovs-vsctl', '--timeout=10', '--no-wait', ...words)

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')

/** What goes on until it is told to end. */
const LASTING = ['watch', 'plugin', 'daemon']

function daemonsOfOvsd(): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    const words = /^\d+$/.test(pid) ? wordsOf(pid) : []
    const at = words.findIndex((word) => /(^|\/)(ovsd|dev\.ts|run\.ts)$/.test(word))
    const [command = '', next = ''] = at < 0 ? [] : words.slice(at + 1)
    if (!LASTING.includes(command) || next === 'state') return []
    process.kill(Number(pid), 'SIGKILL')
    return [`ovsd ${command} (process ${pid})`]
  })
}

function wordsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

function networks(): readonly string[] {
  if (!existsSync(ENGINE_SOCKET)) return []
  const names = lines(tool('docker', 'network', 'ls', '--filter=type=custom', '--format={{.Name}}'))
  return names.map((name) => {
    try {
      tool('docker', 'network', 'rm', name)
      return `the network ${name} of Docker`
    } catch (error) {
      return `the network ${name} of Docker, which stays: ${String(error)}`
    }
  })
}

function daemonsOfOvn(): readonly string[] {
  const files = existsSync(OVN_RUNDIR) ? readdirSync(OVN_RUNDIR).filter((name) => name.endsWith('.pid')) : []
  const running = files.filter((name) => existsSync(`/proc/${readFileSync(`${OVN_RUNDIR}/${name}`, 'utf8').trim()}`))
  if (running.length > 0) {
    tool(OVN_CTL, 'stop_controller')
    tool(OVN_CTL, 'stop_northd')
    const settings = vsctl('get', 'Open_vSwitch', '.', 'external_ids')
    const keys = [...settings.matchAll(/"?((?:ovn|ovsd)[\w.-]*)"?=/g)].map(([, key = '']) => key)
    if (keys.length > 0) vsctl('remove', 'Open_vSwitch', '.', 'external_ids', ...keys)
  }
  return running.map((name) => name.replace(/\.pid$/, ''))
}

function containers(): readonly string[] {
  if (!existsSync(ENGINE_SOCKET)) return []
  const names = lines(tool('docker', 'ps', '--all', '--format={{.Names}}'))
  if (names.length > 0) tool('docker', 'rm', '--force', '--volumes', ...names)
  return names.map((name) => `the container ${name}`)
}

function bridges(): readonly string[] {
  const names = lines(vsctl('list-br'))
  for (const name of names) vsctl('--if-exists', 'del-br', name)
  return names.map((name) => `the bridge ${name}`)
}
