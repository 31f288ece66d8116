// Reads the text format of Prometheus (exposition format 0.0.4), more strictly than Prometheus does.
import { strict as assert } from 'node:assert'

/** One metric: its type, and the value of each sample by name and labels as they are printed. */
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: ReadonlyMap<string, number>
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
const SAMPLE = new RegExp(String.raw`^(${NAME})(\{${LABEL}(?:,${LABEL})*\})? ([0-9.e+-]+|[+-]Inf|NaN)$`)

/** The metrics by name. Fails at every line that is not as the format wants it. */
export function parsePrometheus(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>()
  let help: string[] = []
  let current = { name: '', type: '' }
  assert.ok(text.endsWith('\n'), 'the last line has no end')
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    const [, kind, name = '', rest = ''] = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line) ?? []
    if (kind === 'HELP') {
      help = [name, rest]
    } else if (kind === 'TYPE') {
      assert.equal(help[0], name, `${name} has no help`)
      assert.ok(!families.has(name), `${name} comes twice`)
      assert.match(rest, /^(counter|gauge|histogram)$/)
      current = { name, type: rest }
      families.set(name, { type: rest, help: help[1] ?? '', samples: new Map() })
    } else {
      addSample(families.get(current.name)?.samples, current, line)
    }
  }
  for (const [name, { type, samples }] of families) if (type === 'histogram') checkHistogram(name, samples)
  return families
}

function addSample(
  samples: Map<string, number> | undefined,
  { name, type }: { name: string; type: string },
  line: string,
): void {
  const [, own = '', labels = '', value = ''] = SAMPLE.exec(line) ?? assert.fail(`not a sample: ${line}`)
  const names = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
  assert.ok(samples !== undefined && names.includes(own), `${own} stands below ${name}`)
  assert.equal(type === 'counter', name.endsWith('_total'), `${name} is a ${type}`)
  assert.ok(!samples.has(own + labels), `${own}${labels} comes twice`)
  samples.set(own + labels, Number(value.replace('Inf', 'Infinity')))
}

/** Buckets hold what is below, so they never fall, and the last one holds all. */
function checkHistogram(name: string, samples: ReadonlyMap<string, number>): void {
  const buckets = [...samples].filter(([key]) => key.startsWith(`${name}_bucket`)).map(([, value]) => value)
  assert.deepEqual(
    buckets,
    buckets.toSorted((a, b) => a - b),
  )
  assert.equal(samples.get(`${name}_bucket{le="+Inf"}`), samples.get(`${name}_count`))
}
