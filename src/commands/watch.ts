import { invocation } from '../invocation.ts'
import { openGround } from '../lib/watch/ground.ts'
import { HeldPolicy } from '../lib/watch/held-policy.ts'
import type { LogFields } from '../lib/watch/log.ts'
import { Service } from '../lib/watch/service.ts'
import { Flags } from '../oclif.ts'
import { watchFlags } from '../service-flags.ts'
import { WatchingCommand } from '../watching-command.ts'

export default class Watch extends WatchingCommand {
  static override summary = 'Give containers the interfaces that their labels ask for, and keep them'
  static override description = `Follows the events of the Docker engine: a container that starts with labels such as ovs.ip_address=10.0.0.2/24 gets its interfaces, one that ends loses its ports, and what somebody changes or deletes of them meanwhile is put back: on the host at once, inside the container at the next look at everything (--resync). Ports that add-port made with --persist are attached again when their container has been restarted. Nothing else is touched.

Labels ask, and the policy decides: without a policy file they may ask for anything on the default bridge but trunks and external addresses. Labels, policy file and settings file are described in ovsd-policy(5).

SIGTERM and SIGINT finish what is being done and leave the network in place; SIGHUP reads the policy again.`
  static override examples = [
    '<%= config.bin %> watch',
    '<%= config.bin %> watch --once --dry-run',
    '<%= config.bin %> watch --bridge=br0 --metrics=127.0.0.1:9100 --log-format=json',
    '<%= config.bin %> watch --once --policy=none',
  ]
  static override flags = {
    once: Flags.boolean({ description: 'Look at every container once, do what is missing, and exit' }),
    ...watchFlags,
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(Watch)
    const dryRun = flags['dry-run']
    const once = flags.once || dryRun
    const { settings, log } = await this.begin(flags, once)
    const policy = await HeldPolicy.load(settings.policy, settings.bridge, log)
    const { db, docker } = settings
    using ground = openGround({ db, docker, tell: this.tellOf(flags, log) }, { lasts: !once })
    const { version } = this.config
    const timeoutSeconds = this.secondsOf(flags.timeout)
    const options = { settings, policy, log, version, timeoutSeconds, dryRun, once }
    await using service = await Service.open(options, ground)
    const voice = {
      stopping: (text: string) => log.info('watch.stopping', text),
      broken: (text: string, fields: LogFields) => log.error('watch.broken', text, fields),
    }
    // Awaited, because the service is closed when this returns.
    if (once) return await this.lookOnce(service, voice, dryRun)
    const { bridge, metrics, health } = settings
    const to = `default bridge ${bridge}, policy ${service.policy.source}`
    await this.follow(service, voice, () => {
      log.info('watch.started', `${invocation()} watch ${version} follows labels; ${to}`, {
        ...{ version, default_bridge: bridge, policy: service.policy.source },
        ...{ metrics: metrics?.text, health: health?.text, pid: process.pid },
      })
    })
    log.info('watch.stopped', 'stopped; the network stays as it is')
    return {}
  }
}
