import type { GlobalFlags } from './base-command.ts'
import { Interrupted, ENDING_SIGNALS } from './lib/errors.ts'
import { plainText } from './lib/ui/plain-text.ts'
import type { Level, Log } from './lib/watch/log.ts'
import type { Service } from './lib/watch/service.ts'
import { SETTINGS } from './lib/watch/settings-names.ts'
import { loadSettings, type Settings } from './lib/watch/settings.ts'
import type { Given } from './lib/watch/settings-sources.ts'
import type { Tally } from './lib/watch/tally.ts'
import { onSignals, ServiceCommand, type Voice } from './service-command.ts'

/** A command that works by the settings of `watch`, and can look at everything once. */
export abstract class WatchingCommand extends ServiceCommand {
  /**
   * The settings, and a log as they want it; `isLook`: it ends after one look; `lastLevel`: as loadSettings has it.
   * Errors: those of loadSettings.
   */
  protected async begin(
    flags: WatchValues,
    isLook: boolean,
    lastLevel?: () => Level,
  ): Promise<{ settings: Settings; log: Log }> {
    const given = Object.fromEntries([...SETTINGS, 'config' as const].map((name) => [name, flags[name]]))
    const { settings, file, notices } = await loadSettings({
      flags: given as Given,
      env: process.env,
      allowRemote: flags['allow-remote'],
      ...(lastLevel === undefined ? {} : { lastLevel }),
    })
    const log = this.logOf(flags, {
      ...{ level: settings.logLevel, format: settings.logFormat },
      // The log of a daemon is what it prints; that of one look with --json would only repeat the result.
      isMute: this.quietly && isLook,
    })
    if (file !== undefined) log.debug('settings.loaded', `Settings come from ${file}`)
    for (const notice of notices) log.warn('settings.notice', notice)
    return { settings, log }
  }

  /** One look: status 1 when something that is asked for is not in place afterwards. */
  protected async lookOnce(service: Pick<Service, 'once' | 'hurry'>, voice: Voice, dryRun: boolean): Promise<object> {
    this.endBroken(service, voice)
    const off = onSignals(ENDING_SIGNALS, (name) => {
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
}

type WatchValues = GlobalFlags & Readonly<Record<string, unknown>> & { readonly 'allow-remote': boolean }

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
