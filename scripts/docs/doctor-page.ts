// The parts of ovsd-doctor(8) that no other command has: every check, and the keys of its JSON.
import { CHECKS } from '../../src/lib/doctor/checks.ts'
import type { PageParts } from './command-page.ts'
import { bold, prose, section, sentences, tagged } from './roff.ts'

/** The keys of `doctor --json`, from the top down. */
export const DOCTOR_KEYS: readonly (readonly [keys: readonly string[], text: string])[] = [
  [['healthy'], 'Whether no check failed.'],
  [['failures', 'warnings'], 'How many findings of each kind there are.'],
  [['fixed'], 'Lines that --fix has run, in order.'],
  [['checks'], 'Every check that was run, in the order of the list below.'],
  [
    ['id', 'title', 'status', 'ms'],
    'Of a check: its id, what has to be so, ok, warn, fail or skipped, and how long it took in milliseconds.',
  ],
  [['findings'], 'Of a check: what it has to say.'],
  [['level', 'subject', 'message'], 'Of a finding: its own status, what it is about, and the cause in one sentence.'],
  [['evidence'], 'Of a finding: what was seen, a list of lines.'],
  [['fix'], 'Of a finding: what mends it, or null where nothing is wrong.'],
  [['commands', 'safe'], 'Of a fix: lines to type, and whether --fix runs them.'],
]

export function doctorParts(): PageParts {
  return {
    exitStatus: [
      ...sentences('1 also when a check fails; the report is printed all the same.'),
      ...sentences('Warnings leave it at 0.'),
    ],
    sections: [
      ...section('FIXES', [
        ...sentences(
          '--fix puts back what ovsd itself has recorded and somebody took away, and removes what is provably of ovsd and of nobody any more. ' +
            'What starts services, opens or closes a path between containers, changes what others made, or may interrupt what works, is printed and never run. ' +
            'The lines are shown first; without --yes it asks, and where nobody can be asked it refuses. ' +
            'Afterwards the checks run again, and what comes to light by that is mended too.',
        ),
      ]),
      ...section(
        'CHECKS',
        CHECKS.flatMap(({ id, title, about }) => tagged(bold(id), prose(`${title}. ${about}`))),
      ),
      ...section(
        'JSON',
        DOCTOR_KEYS.flatMap(([keys, text]) => tagged(keys.map(bold).join(', '), sentences(text))),
      ),
    ],
  }
}
