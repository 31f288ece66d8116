// The rootfs of the managed plugin: the executable, and the tools that it starts, as this machine has them.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { TOOLS, TOOLS_ON_PATH } from '../../src/lib/system/command.ts'
import { root } from '../build/layout.ts'
import { HOST_RUN } from './config.ts'
import { Copier } from './copier.ts'

/** Tools that a driver never starts: daemons and databases are the host's, doctor and path are typed there. */
const OF_THE_HOST = [
  'ovn-northd',
  'ovn-controller',
  'ovsdb-tool',
  'systemctl',
  'ovs-appctl',
  'ping',
  'bash',
  'perl',
  'ovs-ofctl',
]
/** Without these there is no network at all. */
const NEEDED = ['ovs-vsctl', 'ip', 'nsenter', 'sysctl']
/** Those of packaging/plugin/start. */
const OF_THE_START = ['sh', 'mount', 'chmod', 'sleep']

/** What the image of central is built of; src/lib/ovn/container/folder.ts finds it beside the program. */
const CENTRAL = join(root, 'packaging/ovn-central')
const OS_RELEASE = '/etc/os-release'

/** What is the host's, by where ovsd and its tools look for it. */
const HOST_PATHS = ['openvswitch', 'ovn', 'docker.sock', 'xtables.lock']

/** Makes the rootfs in an empty folder. Gives the tools that this machine lacks. Error: one is missing that must be there. */
export function makeRootfs(folder: string, executable: string): readonly string[] {
  const copier = new Copier(folder)
  const wanted = [...OF_THE_START, ...TOOLS_ON_PATH.filter((tool) => !OF_THE_HOST.includes(tool))]
  const found = wanted.map((tool) => ({ tool, path: which(tool) }))
  for (const { tool, path } of found)
    if (path !== undefined) copier.program(path)
    else if (NEEDED.includes(tool) || OF_THE_START.includes(tool))
      throw new Error(`${tool} is not on PATH: install ${packageOf(tool)}`)
  const iptables = which('iptables')
  if (iptables !== undefined) copier.modules(xtablesFolder())
  put(executable, join(folder, 'usr/bin/ovsd'))
  copier.librariesOf(executable)
  put(join(root, 'packaging/plugin/start'), join(folder, 'usr/lib/ovsd/start'))
  // OVN's central is built of these, on what this machine runs.
  for (const name of readdirSync(CENTRAL)) put(join(CENTRAL, name), join(folder, 'usr/share/ovsd/ovn-central', name))
  if (existsSync(OS_RELEASE)) put(OS_RELEASE, join(folder, OS_RELEASE), 0o644)
  for (const empty of ['proc', 'sys', 'dev', 'etc', 'tmp', 'data', 'run/docker/plugins', 'var', HOST_RUN])
    mkdirSync(join(folder, empty), { recursive: true })
  chmodSync(join(folder, 'tmp'), 0o1777)
  // Node asks for the user's shell at each start.
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n')
  symlinkSync('/run', join(folder, 'var/run'))
  for (const name of HOST_PATHS) symlinkSync(join(HOST_RUN, name), join(folder, 'run', name))
  return found.flatMap(({ tool, path }) => (path === undefined ? [tool] : []))
}

/** Where a program is, as PATH and what Debian adds to root's say. */
function which(tool: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  return folders.map((folder) => join(folder, tool)).find((path) => path.startsWith('/') && existsSync(path))
}

/** Where iptables looks for its matches and targets: beside the library that loads them. */
const xtablesFolder = (): string => join('/usr/lib', `${MACHINES[process.arch] ?? ''}-linux-gnu`, 'xtables')
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' }

const packageOf = (tool: string): string => (tool in TOOLS ? TOOLS[tool as keyof typeof TOOLS] : 'it')

function put(from: string, to: string, mode = 0o755): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
  chmodSync(to, mode)
}
