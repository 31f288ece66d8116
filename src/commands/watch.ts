import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { BaseCommand } from '../base-command.ts'
import { invocation } from '../invocation.ts'
import { Interrupted, type EndingSignal } from '../lib/errors.ts'
import { asOvsdError } from '../lib/reconcile/refusals.ts'
import { run, traced } from '../lib/system/runner.ts'
import { plainText } from '../lib/ui/plain-text.ts'
import { createLog, type Log } from '../lib/watch/log.ts'
import { Service, type ServiceOptions } from '../lib/watch/service.ts'
import { SETTINGS } from '../lib/watch/settings-names.ts'
import { loadSettings } from '../lib/watch/settings.ts'
import type { Tally } from '../lib/watch/tally.ts'
import { Flags } from '../oclif.ts'

export default class Watch extends BaseCommand {
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
  // What settings and variables may say too has no default here: which of them counts is decided in one place.
  static override flags = {
    once: Flags.boolean({ description: 'Look at every container once, do what is missing, and exit' }),
    bridge: Flags.string({ description: 'Bridge for labels that name none (default: ovsbr0)', helpValue: 'BRIDGE' }),
    interface: Flags.string({ description: 'Interface for labels that name none (default: eth1)', helpValue: 'NAME' }),
    mtu: Flags.string({ description: 'MTU for labels that name none', helpValue: 'N' }),
    'external-interface': Flags.string({
      description: "The host's interface for external addresses",
      helpValue: 'NAME',
    }),
    policy: Flags.string({
      description: 'Policy file, or none (default: /etc/ovsd/policy.yaml if there is one)',
      helpValue: 'FILE',
    }),
    config: Flags.string({
      description: 'Settings file (default: /etc/ovsd/ovsd.yaml if there is one)',
      helpValue: 'FILE',
    }),
    'log-level': Flags.string({
      description: 'debug, info (the default), warn or error',
      helpValue: 'LEVEL',
    }),
    'log-format': Flags.string({ description: 'text or json (default: text on a terminal)', helpValue: 'FORMAT' }),
    metrics: Flags.string({
      description: 'Serve /metrics and /healthz there, e.g. 127.0.0.1:9100 or unix:/run/ovsd/metrics.sock',
      helpValue: 'ADDRESS',
    }),
    health: Flags.string({ description: 'Serve /healthz there (too)', helpValue: 'ADDRESS' }),
    'allow-remote': Flags.boolean({ description: 'Let the two addresses be ones that other hosts can reach' }),
    resync: Flags.string({ description: 'Seconds between two looks at everything (default: 60)', helpValue: 'N' }),
  }

  /** A daemon ends otherwise than a command, and SIGHUP means something else to it. */
  protected override readonly endingSignals: readonly EndingSignal[] = []

  async run(): Promise<object> {
    const { flags } = await this.parse(Watch)
    const given = Object.fromEntries([...SETTINGS, 'config' as const].map((name) => [name, flags[name]]))
    const { settings, file, notices } = await loadSettings({
      flags: given,
      env: process.env,
      allowRemote: flags['allow-remote'],
    })
    const dryRun = flags['dry-run']
    const once = flags.once || dryRun
    const log = createLog({
      format: settings.logFormat ?? (process.stderr.isTTY && !this.jsonEnabled() ? 'text' : 'json'),
      // The log of a daemon is what it prints; that of one look with --json would only repeat the result.
      level: flags.verbose ? 'debug' : flags.quiet || (this.quietly && once) ? 'error' : settings.logLevel,
      write: (line) => process.stderr.write(line),
    })
    if (file !== undefined) log.debug('settings.loaded', `Settings come from ${file}`)
    for (const notice of notices) log.warn('settings.notice', notice)
    const runner = flags.verbose ? traced(run, (line, ms) => log.debug('command.ran', line, { ms })) : run
    const timeoutSeconds = this.secondsOf(flags.timeout)
    const version = this.config.version
    await using service = await Service.open({ settings, log, runner, version, timeoutSeconds, dryRun, once })
    // No signal does that here: somewhere an error was thrown that nobody waited for, and what ovsd knows may be wrong.
    this.interruption.addEventListener('abort', () => {
      const error = asOvsdError(this.interruption.reason)
      log.error('watch.broken', `A defect of ${invocation()}: ${error.message}`, {
        code: error.code,
        stack: stackOf(error),
      })
      service.hurry(error)
    })
    // Awaited, because the service is closed when this returns.
    if (once) return await this.#once(service, dryRun)
    return await this.#follow(service, log, { settings })
  }

  /** One look: status 1 when something that is asked for is not in place afterwards. */
  async #once(service: Service, dryRun: boolean): Promise<object> {
    const off = onSignals((name) => {
      service.hurry(new Interrupted(name))
    })
    try {
      const tally = await service.once()
      if (tally.refused.length + tally.failed.length + tally.unmended.length > 0) process.exitCode = 1
      if (dryRun) {
        this.log(plainText(tally.commands.length === 0 ? '# nothing to do' : tally.commands.join('\n')))
        return { dryRun: true, commands: tally.commands, refused: tally.refused }
      }
      if (!this.quietly) this.log(summary(tally))
      const { attached, repaired, detached, refused, failed, mended, unmended } = tally
      return { attached, repaired, detached, refused, failed, mended, unmended }
    } finally {
      off()
    }
  }

  async #follow(service: Service, log: Log, { settings }: Pick<ServiceOptions, 'settings'>): Promise<object> {
    const { bridge, metrics, health } = settings
    leaveTerminal()
    let asked = 0
    const off = onSignals((name) => {
      if (name === 'SIGHUP') return void service.reload()
      log.info('watch.stopping', asked === 0 ? `${name}: finishing what is being done` : `${name}: stopping at once`)
      if (asked++ === 0) void service.stop()
      else service.hurry(new Interrupted(name))
    })
    // Whoever reads this may signal at once.
    const to = `default bridge ${bridge}, policy ${service.policy.source}`
    log.info('watch.started', `${invocation()} watch ${this.config.version} follows labels; ${to}`, {
      ...{ version: this.config.version, default_bridge: bridge, policy: service.policy.source },
      ...{ metrics: metrics?.text, health: health?.text, pid: process.pid },
    })
    try {
      await service.run()
    } finally {
      off()
    }
    log.info('watch.stopped', 'stopped; the network stays as it is')
    return {}
  }
}

/** Where an error comes from; the first line repeats its message. */
const stackOf = ({ stack, cause }: Error): readonly string[] =>
  (cause instanceof Error ? cause.stack : stack)?.split('\n').slice(1) ?? []

/**
 * Node gives a terminal the settings back at its end that it had at the start. They are none of a daemon's business: it may
 * run in the background of a shell, which has changed them since. Files that are closed by then are left alone.
 */
function leaveTerminal(): void {
  process.once('exit', () => {
    for (const fd of [0, 1, 2]) if (isatty(fd)) closeSync(fd)
  })
}

/** Has signals reported; what is given back ends that. */
function onSignals(told: (name: EndingSignal) => void): () => void {
  const names = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const
  const listeners = names.map((name) => ({
    name,
    listener: () => {
      told(name)
    },
  }))
  for (const { name, listener } of listeners) process.on(name, listener)
  return () => {
    for (const { name, listener } of listeners) process.off(name, listener)
  }
}

function summary({ attached, repaired, detached, refused, failed, mended, unmended }: Tally): string {
  const counts = {
    ...{ attached, repaired, detached, refused, failed },
    ...{ 'networks or mirrors put right': mended, 'networks or mirrors that cannot be put right': unmended },
  }
  const parts = Object.entries(counts).flatMap(([what, { length }]) =>
    length === 0 ? [] : `${String(length)} ${what}`,
  )
  return parts.length === 0 ? 'Everything is in place.' : parts.join(', ')
}
