// What making a central needs of this host: asked while Docker can still be told, as all else comes in the background.
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { askController } from '../ovn/controller.ts'
import type { Tool } from '../system/command.ts'
import { requireTools } from '../system/runner.ts'

/** A managed plugin is made of what its builder has, and starts no daemons of the host. Errors: ToolMissing, CommandFailed. */
export async function requireCentralTools(host: Host): Promise<void> {
  requireTool(
    'docker',
    'the program docker, to make one with, is not here',
    'Make it on the host: ovsd ovn bootstrap; then create the network',
  )
  if ((await askController(host)).state !== 'running')
    requireTool(
      'ovn-controller',
      'ovn-controller, which this host needs for OVN, does not run, and its program is not here',
      'Install it on the host, and start it: apt-get install ovn-host; systemctl start ovn-controller; then create the network',
    )
}

function requireTool(tool: Tool, why: string, next: string): void {
  try {
    requireTools([{ tool, args: [] }])
  } catch (cause) {
    throw new Refused('ToolMissing', `No central of OVN answers, and ${why}.`, { cause, next })
  }
}
