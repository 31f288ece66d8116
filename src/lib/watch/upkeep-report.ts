import type { Due, UpkeepReport } from '../reconcile/upkeep.ts'
import { isRefusal } from '../reconcile/refusals.ts'
import type { Log } from './log.ts'

/** A report that writes one line for each thing that was mended, or cannot be. */
export const upkeepReport = (log: Log): UpkeepReport => ({
  mended({ about, why }) {
    log.info('upkeep.mended', `mended ${about}: ${why.join('; ')}`, { about, what: why })
  },
  failed(about, error) {
    const { code, message, next, left } = error
    const rest = left.length === 0 ? '' : ` Left on the host: ${left.join(', ')}.`
    const words = `${about}: ${message.replaceAll(/\s*\n\s*/g, ' ')}${rest}${next === undefined ? '' : ` ${next}`}`
    const fields = { about, code, left }
    if (isRefusal(error)) log.warn('upkeep.failed', words, fields)
    else log.error('upkeep.failed', words, fields)
  },
  wouldRun({ about }: Due, title, commands) {
    log.info('upkeep.printed', title, { about, commands })
  },
})
