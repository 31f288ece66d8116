import { strict as assert } from 'node:assert'
import { hostNameFor } from '../../../src/lib/dhcp/host-name.ts'

describe('the name that a DHCP server is told', () => {
  for (const [container, name] of [
    ['web', 'web'],
    ['Web_1.example', 'web-1-example'],
    ['stack_web.1.x9', 'stack-web-1-x9'],
    ['_web_', 'web'],
    ['...', 'container'],
    ['', 'container'],
    [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
    ['x$(reboot) "y"', 'x-reboot-y'],
  ] as const)
    it(`of "${container}" is ${name}`, () => {
      assert.equal(hostNameFor(container), name)
    })
})
