import { drivingOf } from '../driving.ts'
import { invocation } from '../invocation.ts'
import { DaemonService } from '../lib/daemon/service.ts'
import { pluginLogLevel } from '../lib/plugin/log-level.ts'
import { openGround } from '../lib/watch/ground.ts'
import { HeldPolicy } from '../lib/watch/held-policy.ts'
import type { LogFields } from '../lib/watch/log.ts'
import { Service } from '../lib/watch/service.ts'
import { driverFlags, watchFlags } from '../service-flags.ts'
import { WatchingCommand } from '../watching-command.ts'

export default class Daemon extends WatchingCommand {
  static override summary = 'Do what watch and plugin do, in one process'
  static override description = `Gives containers the interfaces that their labels ask for, as ovsd-watch(8) describes, and serves networks to Docker, as ovsd-plugin(8) describes: with one connection to the database, one look at everything, one lock and one process. It does not run beside either of them.

Docker is served as soon as this has started, before its engine answers: an engine that starts asks for the networks of its containers first. A socket that systemd has opened (LISTEN_FDS) is taken in the place of --socket; then calls also wait in it while nothing runs.

SIGTERM and SIGINT answer the calls that came, finish what is being done, and leave the network in place; a second one undoes what is being done. SIGHUP reads the policy again.`
  static override examples = [
    '<%= config.bin %> daemon',
    '<%= config.bin %> daemon --dry-run',
    '<%= config.bin %> daemon --bridge=br0 --metrics=127.0.0.1:9100 --log-format=json',
  ]
  static override flags = { ...watchFlags, ...driverFlags }

  async run(): Promise<object> {
    const { flags } = await this.parse(Daemon)
    const dryRun = flags['dry-run']
    // What drivers before ovsd were told counts where nothing else does.
    const { settings, log } = await this.begin(flags, dryRun, () => pluginLogLevel(undefined, process.env))
    const { where, ...driving } = await drivingOf(flags, log)
    const policy = await HeldPolicy.load(settings.policy, settings.bridge, log)
    const { db, docker } = settings
    using ground = openGround({ db, docker, tell: this.tellOf(flags, log) }, { lasts: !dryRun })
    const { version } = this.config
    const common = { settings, policy, log, version, timeoutSeconds: this.secondsOf(flags.timeout) }
    const voice = {
      stopping: (text: string) => log.info('daemon.stopping', text),
      broken: (text: string, fields: LogFields) => log.error('daemon.broken', text, fields),
    }
    if (dryRun) {
      // Before Docker asks the driver has nothing to do.
      await using look = await Service.open({ ...common, store: driving.store, dryRun, once: true }, ground)
      return await this.lookOnce(look, voice, dryRun)
    }
    await using service = await DaemonService.open({ ...common, ...driving }, ground)
    const { bridge, metrics, health } = settings
    const to = `default bridge ${bridge}, policy ${service.policy.source}`
    await this.follow(service, voice, () => {
      log.info(
        'daemon.started',
        `${invocation()} daemon ${version} serves Docker at ${where} and follows labels; ${to}`,
        {
          ...{ version, socket: where, default_bridge: bridge, policy: service.policy.source },
          ...{ metrics: metrics?.text, health: health?.text, pid: process.pid },
        },
      )
    })
    log.info('daemon.stopped', 'stopped; the network stays as it is')
    return {}
  }
}
