import { CommandFailed, ToolMissing } from '../errors.ts'
import type { Host } from '../host.ts'

/** How long ovs-vswitchd may take to say its version, in seconds; it answers between two rounds of its work. */
const LIMIT_S = 3

/** Whether ovs-vswitchd of this host answers. */
export async function vswitchdAnswers(host: Host): Promise<boolean> {
  // ovs-appctl finds it by its pid file, and of another database's daemon there is none here.
  if (!host.isDefaultDatabase) return true
  try {
    const args = [`--timeout=${String(LIMIT_S)}`, '--target=ovs-vswitchd', 'version']
    await host.run({ tool: 'ovs-appctl', args, timeoutMs: (LIMIT_S + 1) * 1000 })
    return true
  } catch (error) {
    if (error instanceof CommandFailed) return false
    // Nobody knows; that the tool is missing is said by host.tools.
    if (error instanceof ToolMissing) return true
    throw error
  }
}
