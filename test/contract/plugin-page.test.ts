// ovsd-plugin(8) has to name every event of the driver's log and every key.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/build/layout.ts'
import { PLUGIN_EVENTS, PLUGIN_FIELDS } from '../../scripts/docs/plugin-page.ts'
import { loggedEvents, sourcesIn } from './logged-events.ts'

describe('ovsd-plugin(8)', () => {
  it('names every event of the log, with its level', () => {
    const logged = loggedEvents(
      sourcesIn('src/commands/plugin.ts', 'src/service-command.ts', 'src/driving.ts', 'src/lib/plugin/*.ts'),
    )
    for (const one of ['plugin.started', 'call.failed', 'store.unusable']) assert.ok(logged.has(one), one)
    for (const [event, levels] of logged) {
      const told = PLUGIN_EVENTS.find((one) => one.event === event)
      assert.ok(told !== undefined && levels.has(told.level), event)
    }
  })

  it('explains every key that an event has', () => {
    const keys = new Set(['time', 'level', 'event', 'msg', ...PLUGIN_EVENTS.flatMap(({ fields }) => fields)])
    assert.deepEqual(Object.keys(PLUGIN_FIELDS).sort(), [...keys].sort())
    const page = readFileSync(join(root, 'man/ovsd-plugin.8'), 'utf8')
    for (const key of keys) assert.ok(page.includes(`\\fB${key}\\fR`), key)
  })
})
