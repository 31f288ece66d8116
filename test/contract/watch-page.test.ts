// ovsd-watch(8) has to name every event and key of the log, every metric, every variable, and what /healthz answers.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/build/layout.ts'
import { EVENTS, FIELDS } from '../../scripts/docs/watch-events.ts'
import { visibleCommands } from '../../scripts/docs/generated.ts'
import { OvsdError } from '../../src/lib/errors.ts'
import { describeWish, type AttachResult } from '../../src/lib/plan/attach-result.ts'
import { createLog } from '../../src/lib/watch/log.ts'
import { logReport } from '../../src/lib/watch/log-report.ts'
import { noMetrics } from '../../src/lib/watch/meter.ts'
import { createMetrics } from '../../src/lib/watch/metrics.ts'
import { Restraint } from '../../src/lib/watch/restraint.ts'
import { SETTINGS, variableOf } from '../../src/lib/watch/settings-names.ts'
import { attachment, ID } from '../support/samples.ts'
import { loggedEvents, sourcesIn } from './logged-events.ts'

const page = readFileSync(join(root, 'man/ovsd-watch.8'), 'utf8')
const sources = sourcesIn(
  ...['src/commands/watch.ts', 'src/watching-command.ts', 'src/service-command.ts'],
  'src/lib/watch/*.ts',
)

/** Terms of the paragraphs of a section, each with what stands in parentheses behind it. */
function termsOf(heading: string): ReadonlyMap<string, readonly string[]> {
  const section = page.split(/^\.SH /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const terms = [...section.matchAll(/^\.TP\n\\fB(.+)\\fR(?: \((.*)\))?$/gm)]
  return new Map(terms.map(([, name = '', more = '']) => [name.replaceAll('\\-', '-'), more.split(', ')]))
}

/** What is missing of some names in a section, and what it has besides. */
function difference(names: readonly string[], heading: string): readonly string[] {
  const shown = [...termsOf(heading).keys()]
  return [...names.filter((name) => !shown.includes(name)), ...shown.filter((name) => !names.includes(name))]
}

describe('ovsd-watch(8)', () => {
  it('names every event of the log and no other, with its level', () => {
    const logged = loggedEvents(sources)
    for (const one of ['watch.started', 'port.attached', 'port.failed', 'engine.ended', 'container.restless'])
      assert.ok(logged.has(one), `the scan has to find ${one}`)
    const shown = termsOf('LOG')
    const missing = [...logged.keys()].filter((event) => !shown.has(event))
    assert.deepEqual(missing, [])
    assert.deepEqual(
      [...shown.keys()].filter((term) => term.includes('.') && !logged.has(term)),
      [],
      'not logged',
    )
    for (const [event, levels] of logged)
      assert.ok(levels.has('*') || levels.has(shown.get(event)?.[0] ?? ''), `level of ${event}`)
  })

  it('explains every key that an event has', () => {
    const keys = new Set(['time', 'level', 'event', 'msg', ...EVENTS.flatMap(({ fields }) => fields)])
    assert.deepEqual([...keys].sort(), Object.keys(FIELDS).sort())
    const terms = [...termsOf('LOG').keys()].filter((term) => !term.includes('.'))
    assert.deepEqual(terms.sort(), [...keys].sort())
  })

  it('has with each event about a container just the keys that its line has', () => {
    const lines: Record<string, unknown>[] = []
    const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>)
    const report = logReport(createLog({ format: 'json', level: 'debug', write }), noMetrics, new Restraint(() => 0))
    const who = { id: ID, name: 'web' }
    const vlan = { kind: 'access', tag: 7 } as const
    const result: AttachResult = { ...describeWish(attachment({ vlan })), status: 'attached', replaced: [] }
    report.attached(who, result, 1)
    report.repaired(who, result, ['x'])
    report.detached(who, [{ iface: 'eth1', bridge: 'br0', port: 'x', why: 'x' }])
    report.refused(who, 'eth1', { code: 'x', message: 'x', rule: 'x', next: 'x' })
    report.allowed(who, 'eth1')
    report.failed(who, 'eth1', new OvsdError('x', 'x'))
    report.wouldRun(who, 'x', ['x'])
    assert.equal(lines.length, 7)
    const shown = termsOf('LOG')
    for (const { event, level, ...line } of lines) {
      const fields = Object.keys(line).filter((key) => key !== 'time' && key !== 'msg')
      assert.deepEqual([level, ...fields].sort(), [...(shown.get(String(event)) ?? [])].sort(), String(event))
    }
  })

  it('names every metric and no other', async () => {
    const names = [...(await createMetrics('x').text()).matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name)
    assert.ok(names.length > 10)
    assert.deepEqual(difference(names, 'METRICS'), [])
    assert.deepEqual(termsOf('METRICS').get('ovsd_refusals_total'), ['counter', 'by reason', 'by rule'])
  })

  it('names every variable of ovsd', async () => {
    const flags = (await visibleCommands()).find(({ id }) => id === 'watch')?.flags ?? {}
    const others = Object.values(flags).flatMap(({ env }) => env ?? [])
    assert.deepEqual(difference([...SETTINGS.map(variableOf), 'OVSD_CONFIG', ...others], 'ENVIRONMENT'), [])
  })

  it('says what /healthz answers, and what the status of --once is', () => {
    const section = (heading: string): string =>
      page.split(/^\.SH /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
    assert.match(section('HEALTH'), /\b503\b/)
    assert.match(section('EXIT STATUS'), /--once|\\-\\-once/)
  })
})

describe('pages of commands', () => {
  it('have values as they are typed, also at the beginning of a sentence', async () => {
    for (const { id, flags } of await visibleCommands()) {
      const text = readFileSync(join(root, `man/ovsd-${id.replaceAll(':', '-')}.8`), 'utf8').replaceAll('\\-', '-')
      for (const { name, description = '' } of Object.values(flags)) {
        const first = description.split(/[.!?](?: |$)/, 1)[0] ?? ''
        assert.ok(text.includes(`\n${first}`), `${id} --${name}: ${first}`)
      }
    }
  })

  it('name in SEE ALSO the pages that their description speaks of', async () => {
    const named = (await visibleCommands()).filter(({ description = '' }) => description.includes('ovsd-policy(5)'))
    assert.ok(named.length > 0)
    for (const { id } of named) {
      const text = readFileSync(join(root, `man/ovsd-${id.replaceAll(':', '-')}.8`), 'utf8')
      assert.match(text, /^\.SH SEE ALSO\n(?:.*\n)*\.BR ovsd\\-policy \(5\),$/m)
    }
  })
})
