import { strict as assert } from 'node:assert'
import { OvsdError, Refused } from '../../../src/lib/errors.ts'
import { pastLeftovers } from '../../../src/lib/reconcile/leftovers.ts'

/** Has it do work that ends like this, try by try; gives what came of it, the tries, and how long it took in ms. */
async function outcome(...ends: readonly unknown[]): Promise<readonly [error: unknown, tries: number, ms: number]> {
  let tries = 0
  const begun = performance.now()
  const work = async (): Promise<void> => {
    await Promise.resolve()
    const end = ends[tries++]
    // What comes from outside is not always an Error.
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    if (end !== undefined) throw end
  }
  const error = await pastLeftovers(work).catch((thrown: unknown) => thrown)
  return [error, tries, performance.now() - begun]
}

const exists = new Refused('InterfaceExists', 'exists')
const taken = new Refused('LinkNameTaken', 'taken')
const failed = new OvsdError('CommandFailed', 'failed')

describe('pastLeftovers', () => {
  it('does once what works', async () => {
    assert.deepEqual((await outcome()).slice(0, 2), [undefined, 1])
  })

  it('does not try again what failed for any other reason', async () => {
    const like = Object.assign(new Error('exists'), { code: 'InterfaceExists' })
    for (const end of [failed, new Refused('NameTaken', 'taken'), like, 'InterfaceExists', null]) {
      const [error, tries, ms] = await outcome(end)
      assert.deepEqual([error, tries], [end, 1])
      assert.ok(ms < 300, `${ms} ms`)
    }
  })

  it('tries once more, after a moment, when a name is taken; how that ends is the end', async () => {
    const both = await Promise.all([
      outcome(exists),
      outcome(taken),
      outcome(exists, failed),
      outcome(taken, exists, failed),
    ])
    assert.deepEqual(
      both.map(([error, tries]) => [error, tries]),
      [
        [undefined, 2],
        [undefined, 2],
        [failed, 2],
        [exists, 2],
      ],
    )
    for (const [, , ms] of both) assert.ok(ms >= 450, `${ms} ms`)
  })
})
