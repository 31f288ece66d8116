import { strict as assert } from 'node:assert'
import { withoutImageLabels } from '../../../src/lib/labels/image-labels.ts'

describe('withoutImageLabels', () => {
  it('leaves what the container was given itself, and names what went', () => {
    const image = { 'ovs.ip_address': '10.0.0.2/24', 'ovs.bridge': 'br-int', version: '1' }
    const container = { ...image, 'ovs.bridge': 'br0', 'ovs.eth2.vlan': '7', mine: 'x' }
    assert.deepEqual(withoutImageLabels(container, image), {
      labels: { 'ovs.bridge': 'br0', 'ovs.eth2.vlan': '7', mine: 'x' },
      dropped: ['ovs.ip_address'],
    })
  })

  it('is not misled by names that every object has', () => {
    assert.deepEqual(withoutImageLabels({ 'ovs.constructor': 'x', 'ovs.vlan': '7' }, {}), {
      labels: { 'ovs.constructor': 'x', 'ovs.vlan': '7' },
      dropped: [],
    })
  })

  it('names them so that they can be shown', () => {
    const labels = { 'ovs.\u001B[2J': 'x' }
    assert.deepEqual(withoutImageLabels(labels, labels).dropped, [String.raw`ovs.\u001b[2J`])
  })
})
