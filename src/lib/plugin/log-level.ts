import type { Level } from '../watch/log.ts'
import { parseLogLevel } from '../watch/settings-values.ts'

type Env = Readonly<Record<string, string | undefined>>

/**
 * The level of the driver's log: what `--log-level` says, then OVSD_LOG_LEVEL, then PLUGIN_LOG_LEVEL of ovs-container-network, then
 * DEBUG of docker-ovn-driver, which is on or off. An empty variable counts as not given, because a plugin that Docker manages
 * has every variable of its config.json. Error: BadInput, which names the one that is wrong.
 */
export function pluginLogLevel(option: string | undefined, env: Env): Level {
  if (option !== undefined) return parseLogLevel(option, '--log-level')
  for (const name of ['OVSD_LOG_LEVEL', 'PLUGIN_LOG_LEVEL']) {
    const text = env[name] ?? ''
    if (text !== '') return parseLogLevel(text, name)
  }
  // Other values are for other programs: Node's libraries take names of theirs from it.
  return /^(1|t|true)$/i.test(env['DEBUG'] ?? '') ? 'debug' : 'info'
}
