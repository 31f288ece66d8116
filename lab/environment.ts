// The environment of commands inside a private host.
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'

const foreign = /^(DOCKER|OVS|OVN|CONTAINERD|BUILDKIT)_|^(TMPDIR|XDG_RUNTIME_DIR)$/
const program = fileURLToPath(new URL('bin', import.meta.url))
const places = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin']

/**
 * The environment of this process, made fit for the private host `id`. Variables that would lead tools to daemons of the
 * machine (DOCKER_HOST, OVS_RUNDIR, …) or to folders that the host has its own of are dropped. PATH begins with the
 * folder of our `ovsd` and has those of system programs. OVSD_LAB is the id.
 */
export function privateEnvironment(id: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name))
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const folders = new Set([program, ...path, ...places])
  return { ...Object.fromEntries(kept), PATH: [...folders].join(delimiter), OVSD_LAB: id }
}
