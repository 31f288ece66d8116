// What a container gets that asks by labels, and what becomes of it when the container does something.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { hostView } from '../support/host-view.ts'
import { holds } from '../support/invariants.ts'
import { labelled } from '../support/labelled.ts'
import { reaches } from '../support/traffic.ts'
import { watch } from '../support/watch.ts'

describe('labels', () => {
  it('an address: attached, and traffic flows', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = labelled('10.3.0.2/24')
    using b = labelled('10.3.0.3/24')
    await watcher.sees({ event: 'port.attached', container: a.name })
    const line = await watcher.sees({ event: 'port.attached', container: b.name })
    assert.equal(line.level, 'info')
    await holds({ containers: [a, b], bridge: bridge.name, before, watcher })
    assert.ok(reaches(a.name, '10.3.0.3'))
  })
})
