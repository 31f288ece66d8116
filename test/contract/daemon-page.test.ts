// ovsd-daemon(8) has to name the events that are the daemon's own, and every key of them.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/build/layout.ts'
import { DAEMON_EVENTS, DAEMON_FIELDS } from '../../scripts/docs/daemon-page.ts'
import { loggedEvents, sourcesIn } from './logged-events.ts'

describe('ovsd-daemon(8)', () => {
  const page = readFileSync(join(root, 'man/ovsd-daemon.8'), 'utf8')

  it('names its own events and no other, with their levels', () => {
    const logged = loggedEvents(sourcesIn('src/commands/daemon.ts', 'src/lib/daemon/*.ts'))
    assert.deepEqual([...logged.keys()].sort(), DAEMON_EVENTS.map(({ event }) => event).sort())
    for (const { event, level, fields } of DAEMON_EVENTS) {
      assert.deepEqual([...(logged.get(event) ?? [])], [level], event)
      assert.ok(page.includes(`\\fB${event}\\fR (${[level, ...fields].join(', ')})`), event)
    }
  })

  it('explains every key that an event has', () => {
    const keys = new Set(['time', 'level', 'event', 'msg', ...DAEMON_EVENTS.flatMap(({ fields }) => fields)])
    assert.deepEqual(Object.keys(DAEMON_FIELDS).sort(), [...keys].sort())
    for (const text of Object.values(DAEMON_FIELDS)) assert.notEqual(text, '')
    for (const key of keys) assert.ok(page.includes(`\\fB${key}\\fR`), key)
  })
})
