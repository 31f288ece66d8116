import { strict as assert } from 'node:assert'
import { hostEndFaults } from '../../../src/lib/attach/host-end.ts'
import { specOf } from '../../../src/lib/attach/marks.ts'
import { attachment } from '../../support/samples.ts'

const NAME = '0123456789abc_l'
const WANTS_1400 = specOf(attachment({ mtu: 1400 }))
const WANTS_NONE = specOf(attachment())

describe('hostEndFaults', () => {
  it('finds none in an end that is up and has the MTU that was asked for', () => {
    assert.deepEqual(hostEndFaults(NAME, { up: true, mtu: 1400 }, WANTS_1400), [])
  })

  it('takes any MTU where none was asked for, or where the marks do not tell', () => {
    for (const spec of [WANTS_NONE, undefined])
      for (const mtu of [68, 1500, 65_535]) assert.deepEqual(hostEndFaults(NAME, { up: true, mtu }, spec), [])
  })

  it('names each fault, and the link', () => {
    const wrong = `MTU of ${NAME} is 1500, not 1400`
    assert.deepEqual(hostEndFaults(NAME, { up: true, mtu: 1500 }, WANTS_1400), [wrong])
    assert.deepEqual(hostEndFaults(NAME, { up: false, mtu: 1400 }, WANTS_1400), [`${NAME} is down`])
    assert.deepEqual(hostEndFaults(NAME, { up: false, mtu: 1500 }, WANTS_1400), [`${NAME} is down`, wrong])
    assert.deepEqual(hostEndFaults(NAME, { up: false, mtu: 1500 }, undefined), [`${NAME} is down`])
  })

  it('says nothing of an end that is missing: that shows elsewhere', () => {
    assert.deepEqual(hostEndFaults(NAME, undefined, WANTS_1400), [])
  })
})
