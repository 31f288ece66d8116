// Loaded by scripts/test.ts beside the specs of a private host, which share it: after the last suite of each file nothing of that file
// is there. What is there fails the file that left it, by name, and is taken away, so that the files after it are judged by
// themselves. (One suite that ended early has left ovn-controller running, and thirty tests of other files failed for its bridge.)
// mocha leaves out all hooks after one that failed, those of the same suite: so this is one of a suite around those of the file.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { execa } from 'execa'
import Mocha, { type RootHookObject } from 'mocha'
import { relative } from 'node:path'
import { insidePrivateHost } from '../../lab/host.ts'
import { OVN_CTL } from './ovn.ts'
import { tool } from './tool.ts'
import { abandonedHosts } from './underlay.ts'

const ENGINE_SOCKET = '/run/docker.sock'
const OVN_RUNDIR = '/run/ovn'
const STORE = '/var/lib/ovsd'
/** Docker waits for a driver that is gone, for each endpoint anew. In ms. */
const DOCKER_MS = 150_000

/** The links of the host before any test. */
let links: ReadonlySet<string> = new Set()

export const mochaHooks: RootHookObject = {
  beforeAll(this: Mocha.Context) {
    if (!insidePrivateHost()) throw new Error('this is the machine itself: run it through lab/run.ts')
    links = new Set(linksNow())
    const root = this.test?.parent
    if (root === undefined) return
    const files = new Map<string, Mocha.Suite>()
    for (const suite of root.suites) {
      const file = suite.file ?? ''
      const around = files.get(file) ?? aroundFile(file, root)
      files.set(file, around)
      suite.parent = around
      around.suites.push(suite)
    }
    root.suites = [...files.values()]
  },
}

/** A suite around those of a file. Titles of tests do not begin with it, as it counts as a root; its own is printed. */
function aroundFile(file: string, root: Mocha.Suite): Mocha.Suite {
  const around = new Mocha.Suite(relative(process.cwd(), file), root.ctx)
  Object.assign(around, { parent: root, root: true, file })
  around.afterAll('leaves nothing behind', takeAway)
  return around
}

/** Takes away what is left on the host; throws when there was something. */
async function takeAway(this: Mocha.Context): Promise<void> {
  this.timeout(3 * DOCKER_MS)
  // What mocha has in memory costs time at each start of a tool (scripts/test.ts).
  globalThis.gc?.()
  const left: string[] = []
  // Docker's first, while their driver is there, which Docker would wait for; then what would put back what is taken away.
  const takers = [
    containers,
    networks,
    volumes,
    daemonsOfOvsd,
    abandonedHosts,
    daemonsOfOvn,
    databases,
    bridges,
    linksLeft,
  ]
  for (const taker of takers)
    try {
      left.push(...(await taker()))
    } catch (error) {
      left.push(`what ${taker.name} could not take away (${String(error)})`)
    }
  // Copies of networks that a test has lost on purpose stay there, as they should: to the next file they would be a loss of its own.
  rmSync(STORE, { recursive: true, force: true })
  if (left.length > 0) throw new Error(`left behind, and taken away now: ${left.join(', ')}`)
}

/** Runs docker(1), which may have to wait for a driver that is gone; gives the lines that it printed. */
async function docker(...words: string[]): Promise<readonly string[]> {
  return lines((await execa('docker', words, { timeout: DOCKER_MS })).stdout)
}

const linksNow = (): readonly string[] => readdirSync('/sys/class/net')

/** Those of ovs-vswitchd's own datapaths go with them. */
function linksLeft(): readonly string[] {
  const left = linksNow().filter(
    (name) => !links.has(name) && !/^(ovs-|docker0$|br-[0-9a-f]{12}$|genev_sys|vxlan_sys|gre_sys|erspan)/.test(name),
  )
  return left.flatMap((name) => {
    try {
      tool('ip', 'link', 'del', name)
      return [`the link ${name}`]
    } catch {
      // It went with another one, the other end of its pair.
      return []
    }
  })
}

/** Other servers of ovsdb than that of Open vSwitch, and ovn-northd beside them: of clusters that tests made. */
function databases(): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    const words = /^\d+$/.test(pid) ? wordsOf(pid) : []
    const isOwn = words.some((word) => word.includes('/openvswitch/'))
    if (!/(^|\/)(ovsdb-server|ovn-northd)$/.test(words[0] ?? '') || isOwn) return []
    process.kill(Number(pid), 'SIGKILL')
    return [`${words[0] ?? ''} (process ${pid})`]
  })
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

async function networks(): Promise<readonly string[]> {
  if (!existsSync(ENGINE_SOCKET)) return []
  const said: string[] = []
  for (const name of await docker('network', 'ls', '--filter=type=custom', '--format={{.Name}}'))
    said.push(
      await docker('network', 'rm', name).then(
        () => `the network ${name} of Docker`,
        (error: unknown) => `the network ${name} of Docker, which stays: ${String(error)}`,
      ),
    )
  return said
}

async function volumes(): Promise<readonly string[]> {
  if (!existsSync(ENGINE_SOCKET)) return []
  const names = await docker('volume', 'ls', '--quiet')
  if (names.length > 0) await docker('volume', 'rm', '--force', ...names)
  return names.map((name) => `the volume ${name}`)
}

function daemonsOfOvn(): readonly string[] {
  const files = existsSync(OVN_RUNDIR) ? readdirSync(OVN_RUNDIR).filter((name) => name.endsWith('.pid')) : []
  const running = files.filter((name) => existsSync(`/proc/${readFileSync(`${OVN_RUNDIR}/${name}`, 'utf8').trim()}`))
  if (running.length > 0) {
    tool(OVN_CTL, 'stop_controller')
    tool(OVN_CTL, 'stop_northd')
  }
  const settings = vsctl('get', 'Open_vSwitch', '.', 'external_ids')
  const keys = [...settings.matchAll(/"?((?:ovn|ovsd)[\w.-]*)"?=/g)].map(([, key = '']) => key)
  if (keys.length > 0) vsctl('remove', 'Open_vSwitch', '.', 'external_ids', ...keys)
  return running.map((name) => name.replace(/\.pid$/, ''))
}

async function containers(): Promise<readonly string[]> {
  if (!existsSync(ENGINE_SOCKET)) return []
  const names = await docker('ps', '--all', '--format={{.Names}}')
  if (names.length > 0) await docker('rm', '--force', '--volumes', ...names)
  return names.map((name) => `the container ${name}`)
}

function bridges(): readonly string[] {
  const names = lines(vsctl('list-br'))
  for (const name of names) vsctl('--if-exists', 'del-br', name)
  return names.map((name) => `the bridge ${name}`)
}
