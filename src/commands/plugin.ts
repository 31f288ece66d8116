import { drivingOf } from '../driving.ts'
import { invocation } from '../invocation.ts'
import { DEFAULT_BRIDGE } from '../lib/network/spec.ts'
import { pluginLogLevel } from '../lib/plugin/log-level.ts'
import { PluginService } from '../lib/plugin/service.ts'
import { openGround } from '../lib/watch/ground.ts'
import { HeldPolicy } from '../lib/watch/held-policy.ts'
import type { LogFields } from '../lib/watch/log.ts'
import { policySetting } from '../lib/watch/settings.ts'
import { parseLogFormat } from '../lib/watch/settings-values.ts'
import { ServiceCommand } from '../service-command.ts'
import { driverFlags, logFlags, watchFlags } from '../service-flags.ts'

export default class Plugin extends ServiceCommand {
  static override summary = 'Serve networks to Docker: docker network create -d ovsd'
  static override description = `Serves Docker's remote network driver protocol on a socket that only root can use. For example, docker network create -d ovsd --subnet=10.0.0.0/24 --opt vlan=7 blue makes a network as ovsd net create does, with --opt for its options; docker run --network and docker network connect put containers into it. Networks and what is in them live in the Open vSwitch database, so the driver can be stopped, killed and updated while containers run.

Docker gives out the addresses of these networks, and removes them: docker network rm.

A policy file, ovsd-policy(5), confines the networks that Docker may ask for; without one they are confined by nothing.

SIGTERM and SIGINT answer the calls that came, and leave the network in place; SIGHUP reads the policy again. A socket that systemd has opened (LISTEN_FDS) is taken in the place of --socket.`
  static override examples = ['<%= config.bin %> plugin', '<%= config.bin %> plugin --log-level=debug']
  static override flags = { ...driverFlags, policy: watchFlags.policy, ...logFlags }

  async run(): Promise<object> {
    const { flags } = await this.parse(Plugin)
    const format = flags['log-format']
    const log = this.logOf(flags, {
      level: pluginLogLevel(flags['log-level'], process.env),
      format: format === undefined ? undefined : parseLogFormat(format, '--log-format'),
    })
    const { where, ...driving } = await drivingOf(flags, log)
    const setting = await policySetting({ flags: { policy: flags.policy }, env: process.env })
    const policy = await HeldPolicy.load(setting, DEFAULT_BRIDGE, log)
    if (flags['dry-run']) {
      this.log('# nothing to do before Docker asks')
      return { dryRun: true, commands: [] }
    }
    const { db, docker } = flags
    using ground = openGround({ db, docker, tell: this.tellOf(flags, log) }, { lasts: true })
    const { version } = this.config
    const timeoutSeconds = this.secondsOf(flags.timeout)
    await using service = await PluginService.open({ ...driving, policy, log, timeoutSeconds, version }, ground)
    const voice = {
      stopping: (text: string) => log.info('plugin.stopping', text),
      broken: (text: string, fields: LogFields) => log.error('plugin.broken', text, fields),
    }
    await this.follow(service, voice, () => {
      log.info('plugin.started', `${invocation()} plugin ${version} serves Docker at ${where}`, {
        ...{ version, socket: where, policy: service.policy.source, pid: process.pid },
      })
    })
    log.info('plugin.stopped', 'stopped; the network stays as it is')
    return {}
  }
}
