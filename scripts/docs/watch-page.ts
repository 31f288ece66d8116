// The parts of ovsd-watch(8) that no other command has: environment, log, metrics, health.
import { CHANGES } from '../../src/lib/watch/meter.ts'
import { createMetrics } from '../../src/lib/watch/metrics.ts'
import { SETTINGS, variableOf } from '../../src/lib/watch/settings-names.ts'
import type { PageParts } from './command-page.ts'
import { logPart } from './log-part.ts'
import { bold, section, sentences, tagged } from './roff.ts'
import { EVENTS, FIELDS } from './watch-events.ts'

/** A metric as its page shows it. */
export interface ShownMetric {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labels: readonly string[]
}

export async function watchParts(): Promise<PageParts> {
  return {
    exitStatus: [
      ...sentences(
        'With --once the status is 1 also when something that is asked for was refused or has failed: it is not in place. ' +
          'Without it, 0 after the first SIGTERM or SIGINT, 130 or 143 after a second one.',
      ),
    ],
    sections: [
      ...section('ENVIRONMENT', environment()),
      ...section('LOG', logPart(EVENTS, FIELDS, '"event":"port.attached","msg":"attached eth1 of …", …')),
      ...section('METRICS', metricsPart(await shownMetrics())),
      ...section('HEALTH', health()),
    ],
  }
}

/** Every metric, from the program itself; labels show when something was counted. */
export async function shownMetrics(): Promise<readonly ShownMetric[]> {
  const metrics = createMetrics('x')
  for (const change of CHANGES) metrics.changed(change)
  metrics.failed('x')
  metrics.refused('x', 'x')
  metrics.setAttachments(new Map([['x', 1]]))
  const text = await metrics.text()
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)\n(.*)$/gm)]
    .map(([, name = '', help = '', type = '', sample = '']) => {
      const labels = [...sample.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label)
      return { name, help, type, labels: labels.filter((label) => label !== 'le') }
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function environment(): readonly string[] {
  const terms = [...SETTINGS, 'config' as const].toSorted()
  return [
    ...sentences('Values of options that are not given. An empty variable counts as not set.'),
    ...terms.flatMap((name) =>
      tagged(bold(name === 'config' ? 'OVSD_CONFIG' : variableOf(name)), [`As ${bold(`--${name}`)}.`]),
    ),
    ...tagged(bold('OVSD_TIMEOUT'), [`As ${bold('--timeout')}.`]),
    '.PP',
    ...sentences(
      'What the settings file and the variables of ovs-port-manager say comes after these: ovsd-policy(5). Further variables, of all commands: ovsd(8).',
    ),
  ]
}

function metricsPart(all: readonly ShownMetric[]): readonly string[] {
  return [
    ...sentences(
      'GET /metrics at the address of --metrics gives figures in the text format of Prometheus. They are counted from the start of the process.',
    ),
    ...all.flatMap(({ name, type, labels, help }) =>
      tagged(`${bold(name)} (${[type, ...labels.map((label) => `by ${label}`)].join(', ')})`, sentences(help)),
    ),
    '.PP',
    ...sentences(
      'A reason is an error code of ovsd-errors(7), a rule is one of ovsd-policy(5), or ovn for bridges of OVN, which are always refused. ' +
        'What is in place is counted when it is asked for; while the database does not answer, the last figure stays.',
    ),
  ]
}

function health(): readonly string[] {
  return [
    ...sentences(
      'GET /healthz at the address of --health, and at that of --metrics, answers 200 and ok while engine and database answer. ' +
        'Otherwise the answer is 503 and the reasons, a line each: one of the two has not answered yet, or does not any more, and nothing is changed until it does. ' +
        'Containers that are refused or have failed do not count; they are in the log and in the metrics.',
    ),
  ]
}
