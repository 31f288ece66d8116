import { Chalk, type ChalkInstance } from 'chalk'

/** What paints. */
export type Painter = ChalkInstance

/**
 * Colours for one stream: only on a terminal, never with NO_COLOR (no-color.org), --no-color or TERM=dumb. chalk's own
 * detection knows neither of the first two.
 */
export function painter(stream: NodeJS.WriteStream): Painter {
  const { NO_COLOR, TERM, FORCE_COLOR } = process.env
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0'
  const wanted = stream.isTTY && TERM !== 'dumb' && (NO_COLOR ?? '') === '' && FORCE_COLOR !== '0'
  return new Chalk({ level: (wanted || forced) && !process.argv.includes('--no-color') ? 1 : 0 })
}
