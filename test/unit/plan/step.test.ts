import { strict as assert } from 'node:assert'
import { commandsOf, stepsOf } from '../../../src/lib/plan/step.ts'
import { notedStep, setUp, tearDown } from '../../support/noted-steps.ts'

const a = notedStep([], 'a')
const b = notedStep([], 'b')
const c = notedStep([], 'c')

describe('a plan', () => {
  for (const plan of [setUp([a], [b, c]), tearDown([a], [b, c])])
    it(`tells its steps and their commands in order: ${plan.title}`, () => {
      assert.deepEqual(stepsOf(plan), [a, b, c])
      assert.deepEqual(
        commandsOf(plan).map(({ args }) => args.at(-1)),
        ['a', 'b', 'c'],
      )
    })
})
