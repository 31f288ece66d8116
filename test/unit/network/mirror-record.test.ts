import { strict as assert } from 'node:assert'
import { deadlineIn, isOver } from '../../../src/lib/network/mirror/deadline.ts'
import type { Mirror } from '../../../src/lib/network/mirror/mirror.ts'
import { mirrorMarks, mirrorNameIn, portMarks, readMirror } from '../../../src/lib/network/mirror/record.ts'
import { bootTime } from '../../../src/lib/system/boot-clock.ts'

const MIRROR: Mirror = {
  ...{ name: 'm1', bridge: 'br0', direction: 'in' },
  sources: [
    { kind: 'container', id: 'a'.repeat(64), name: 'web', iface: 'eth1' },
    { kind: 'port', port: 'tap0' },
    { kind: 'network', network: 'blue' },
    { kind: 'network', network: 'red', id: 'b'.repeat(64) },
  ],
  dest: { kind: 'gre', ip: '192.0.2.9' },
  deadline: { at: '2026-01-01T00:00:00.000Z', boot: 'b', uptime: 17.25 },
}
const read = (externalIds: Readonly<Record<string, string>>) => readMirror({ bridge: 'br0', externalIds })

describe('the record of a mirror', () => {
  it('is read as it was written', () => {
    assert.deepEqual(read(mirrorMarks(MIRROR)), MIRROR)
    const ofNetwork: Mirror = {
      ...{ name: 'net:blue', bridge: 'br0', direction: 'both', network: 'blue' },
      ...{ sources: [{ kind: 'name', name: 'web' }], dest: { kind: 'name', name: 'ids', iface: 'mon0' } },
    }
    assert.deepEqual(read(mirrorMarks(ofNetwork)), ofNetwork)
  })

  it('tells whose it is, for a tunnel too', () => {
    assert.equal(mirrorNameIn(portMarks(MIRROR)), 'm1')
    assert.deepEqual(portMarks({ name: 'net:blue', network: 'blue' }), {
      ...{ ovsd: '1', ovsd_network: 'blue', ovsd_part: 'mirror', ovsd_mirror: 'net:blue' },
    })
    assert.equal(mirrorNameIn({ ovsd_mirror: 'm1' }), undefined)
    assert.equal(mirrorNameIn({ ovsd: '1' }), undefined)
    assert.equal(read({}), undefined)
  })

  for (const spec of [
    ...['', '{', 'null', '[]', '{}', '7', '{"sources":[],"dest":{"kind":"gre","ip":"192.0.2.9"},"direction":"in"}'],
    ...['{"sources":[{"kind":"port"}],"dest":{"kind":"gre","ip":"192.0.2.9"},"direction":"in"}'],
    ...['{"sources":[{"kind":"port","port":"a"}],"dest":{"kind":"gre"},"direction":"in"}'],
    ...['{"sources":[{"kind":"port","port":"a"}],"dest":{"kind":"network","network":"a"},"direction":"in"}'],
    ...['{"sources":[{"kind":"port","port":"a"}],"dest":{"kind":"port","port":"b"},"direction":"up"}'],
    ...['{"sources":[{"kind":"network","network":"a","id":1}],"dest":{"kind":"port","port":"b"},"direction":"in"}'],
    ...['{"sources":[{"kind":"name","name":"a","iface":1}],"dest":{"kind":"port","port":"b"},"direction":"in"}'],
  ])
    it(`is damaged, and no exception: ${spec}`, () => {
      assert.equal(read({ ...mirrorMarks(MIRROR), ovsd_spec: spec }), undefined)
    })

  it('ends in any case when its end is damaged', () => {
    for (const ovsd_uptime of ['', 'x', '-1', '1e9', 'Infinity']) {
      const deadline = read({ ...mirrorMarks(MIRROR), ovsd_uptime })?.deadline
      assert.ok(deadline !== undefined && isOver(deadline), ovsd_uptime)
    }
  })
})

describe('the end of a mirror', () => {
  it('is so many seconds of this run of the host away, whatever the clock says', () => {
    const deadline = deadlineIn(60)
    assert.ok(Math.abs(deadline.uptime - bootTime().seconds - 60) < 1)
    assert.ok(Math.abs(new Date(deadline.at).getTime() - Date.now() - 60_000) < 1_000)
    assert.equal(isOver(deadline), false)
    assert.equal(isOver({ ...deadline, at: '1999-01-01T00:00:00.000Z' }), false)
    assert.equal(isOver({ ...deadline, uptime: bootTime().seconds - 0.01 }), true)
    assert.equal(isOver({ ...deadline, boot: 'another' }), true)
  })
})
