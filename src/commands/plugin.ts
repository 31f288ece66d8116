import { once } from 'node:events'
import { BaseCommand } from '../base-command.ts'
import { stateFlags } from '../flags.ts'
import { invocation } from '../invocation.ts'
import { PluginService } from '../lib/plugin/service.ts'
import { isPassedOn, parseSocket, SOCKET } from '../lib/plugin/socket.ts'
import { asOvsdError } from '../lib/reconcile/refusals.ts'
import { run, traced } from '../lib/system/runner.ts'
import { createLog } from '../lib/watch/log.ts'
import { parseLogFormat, parseLogLevel } from '../lib/watch/settings-values.ts'
import { Flags } from '../oclif.ts'
import { storeOf } from '../store.ts'
import type { EndingSignal } from '../lib/errors.ts'

export default class Plugin extends BaseCommand {
  static override summary = 'Serve networks to Docker: docker network create -d ovsd'
  static override description = `Serves Docker's remote network driver protocol on a socket that only root can use. For example, docker network create -d ovsd --subnet=10.0.0.0/24 --opt vlan=7 blue makes a network as ovsd net create does, with --opt for its options; docker run --network and docker network connect put containers into it. Networks and what is in them live in the Open vSwitch database, so the driver can be stopped, killed and updated while containers run.

Docker gives out the addresses of these networks, and removes them: docker network rm.

SIGTERM and SIGINT answer the calls that came, and leave the network in place. A socket that systemd has opened (LISTEN_FDS) is taken in the place of --socket.`
  static override examples = ['<%= config.bin %> plugin', '<%= config.bin %> plugin --log-level=debug']
  static override flags = {
    ...stateFlags,
    socket: Flags.string({
      description: 'Where Docker finds the driver; its name is that of the file',
      default: SOCKET,
      helpValue: 'PATH',
      env: 'OVSD_PLUGIN_SOCKET',
    }),
    'log-level': Flags.string({ description: 'debug, info (the default), warn or error', helpValue: 'LEVEL' }),
    'log-format': Flags.string({ description: 'text or json (default: text on a terminal)', helpValue: 'FORMAT' }),
  }

  /** A daemon ends otherwise than a command. */
  protected override readonly endingSignals: readonly EndingSignal[] = []

  async run(): Promise<object> {
    const { flags } = await this.parse(Plugin)
    const socket = parseSocket(flags.socket)
    if (flags['dry-run']) {
      this.log('# nothing to do before Docker asks')
      return { dryRun: true, commands: [] }
    }
    const level = flags['log-level'] ?? process.env['OVSD_LOG_LEVEL'] ?? process.env['PLUGIN_LOG_LEVEL'] ?? 'info'
    const format = flags['log-format']
    const log = createLog({
      format:
        format === undefined
          ? process.stderr.isTTY && !this.jsonEnabled()
            ? 'text'
            : 'json'
          : parseLogFormat(format, '--log-format'),
      level: flags.verbose ? 'debug' : flags.quiet ? 'error' : parseLogLevel(level, '--log-level'),
      write: (line) => process.stderr.write(line),
    })
    const store = storeOf(flags, (message) => {
      log.warn('store.unusable', message)
    })
    const runner = flags.verbose ? traced(run, (line, ms) => log.debug('command.ran', line, { ms })) : run
    const passedOn = isPassedOn(process.env, process.pid)
    const timeoutSeconds = this.secondsOf(flags.timeout)
    await using service = await PluginService.open({
      db: flags.db,
      docker: flags.docker,
      ...{ runner, log, store, socket, passedOn, timeoutSeconds },
    })
    const ended = new AbortController()
    const ending = once(ended.signal, 'abort')
    // No signal does that here: somewhere an error was thrown that nobody waited for, and what ovsd knows may be wrong.
    this.interruption.addEventListener('abort', () => {
      ended.abort(asOvsdError(this.interruption.reason))
    })
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      process.on(name, () => {
        log.info('plugin.stopping', `${name}: answering the calls that came`)
        ended.abort()
      })
    const where = passedOn ? 'the socket that the service manager opened' : socket.text
    log.info('plugin.started', `${invocation()} plugin ${this.config.version} serves Docker at ${where}`, {
      ...{ version: this.config.version, socket: where, pid: process.pid },
    })
    await ending
    await service.stop()
    if (this.interruption.aborted) throw asOvsdError(this.interruption.reason)
    log.info('plugin.stopped', 'stopped; the network stays as it is')
    return {}
  }
}
