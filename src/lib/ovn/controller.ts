import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '../host.ts'
import { CommandFailed, ToolMissing } from '../errors.ts'
import type { Command } from '../system/command.ts'

/** Where the daemons of OVN leave their pid files and sockets (ovn-ctl(8)); the tools honour this variable. */
export const ovnRundir = (): string => process.env['OVN_RUNDIR'] ?? '/run/ovn'

/** ovn-controller of this host. */
export interface Controller {
  readonly state: 'running' | 'stopped' | 'not installed'
  /** "23.03.1"; '' when it does not run. */
  readonly version: string
  /** Whether it is connected to the southbound database. */
  readonly isConnected: boolean
}

/** Asks ovn-controller how it is. Error: CommandFailed, for other reasons than that it does not run. */
export async function askController(host: Host): Promise<Controller> {
  const runs = hasProcess()
  const silent: Controller = { state: runs ? 'running' : 'stopped', version: '', isConnected: false }
  if (!runs && !hasSocket()) return silent
  try {
    const [version, connection] = await Promise.all([
      host.run(controllerCommand('version')),
      host.run(controllerCommand('connection-status')),
    ])
    return {
      state: 'running',
      version: /^ovn-controller \S*?([0-9][0-9.]*)/.exec(version.stdout)?.[1] ?? '',
      isConnected: connection.stdout.trim() === 'connected',
    }
  } catch (error) {
    if (error instanceof ToolMissing && !runs) return { ...silent, state: 'not installed' }
    // It may be too busy to answer, and runs all the same.
    if (error instanceof CommandFailed || error instanceof ToolMissing) return silent
    throw error
  }
}

/** A command for the daemon itself (ovn-appctl(8)). */
export const controllerCommand = (...words: readonly string[]): Command => ({
  tool: 'ovn-appctl',
  args: ['-t', 'ovn-controller', ...words],
  timeoutMs: 5_000,
})

/** Whether the process runs that the pid file names; what runs in a container with processes of its own is found by its socket. */
function hasProcess(): boolean {
  try {
    const pid = readFileSync(join(ovnRundir(), 'ovn-controller.pid'), 'utf8').trim()
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'ovn-controller'
  } catch {
    return false
  }
}

/** A daemon that was killed leaves its socket behind; one that never was there has none. */
function hasSocket(): boolean {
  try {
    return readdirSync(ovnRundir()).some((name) => /^ovn-controller\.\d+\.ctl$/.test(name))
  } catch {
    return false
  }
}
