import { bold, example, sentences, tagged } from './roff.ts'
import type { LoggedEvent } from './watch-events.ts'

/** What a page says of a log: its events, and what their keys mean; `line` is a part of a line that shows how it looks. */
export function logPart(
  events: readonly LoggedEvent[],
  fields: Readonly<Record<string, string>>,
  line: string,
): readonly string[] {
  return [
    ...sentences(
      'One line for each event goes to standard error: for people as text with the time of the day, otherwise as JSON. ' +
        'Names of events and keys are stable, as are their meanings; new ones may come. The words may change.',
    ),
    ...example([`{"time":"2026-11-21T12:01:09.530Z","level":"info",${line}}`]),
    ...events.flatMap(({ event, level, fields: keys, text }) =>
      tagged(`${bold(event)} (${[level, ...keys].join(', ')})`.replaceAll('-', String.raw`\-`), sentences(text)),
    ),
    '.PP',
    ...sentences('In parentheses: the usual level, and the keys that the line has besides time, level, event and msg.'),
    ...Object.entries(fields).flatMap(([key, text]) => tagged(bold(key), sentences(text))),
  ]
}
