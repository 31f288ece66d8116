import { strict as assert } from 'node:assert'
import { OvsdError, Refused } from '../../../src/lib/errors.ts'
import type { Host } from '../../../src/lib/host.ts'
import type { Plan } from '../../../src/lib/plan/step.ts'
import { Upkeep, type Due } from '../../../src/lib/reconcile/upkeep.ts'

const NO_HOST = {} as Host
const nothing = { [Symbol.dispose]: () => undefined }

/** A plan of one step, which does `work`. */
const planOf = (work: () => void): Plan => ({
  ...{ onFailure: 'continue', title: 'mend' },
  stages: [
    [
      {
        ...{ id: 'test.step', title: 'mend', leaves: 'it' },
        commands: () => [{ tool: 'ip', args: ['link'] }],
        isDone: () => Promise.resolve(false),
        apply: () => Promise.resolve().then(work),
      },
    ],
  ],
})

/** An upkeep with a chore, or with several, and what it tells. */
function keeping(look: () => readonly Due[], dryRun = false, ...more: readonly (() => readonly Due[])[]) {
  const said: string[] = []
  let taken = 0
  const upkeep = new Upkeep({
    ...{ host: NO_HOST, dryRun, limit: () => new AbortController().signal },
    chores: [look, ...more].map((one) => () => Promise.resolve().then(one)),
    lock: {
      takeAlone: () => {
        taken++
        return Promise.resolve(nothing)
      },
    },
    report: {
      mended: ({ about, why }) => said.push(`mended ${about}: ${why.join()}`),
      failed: (about, { code }) => said.push(`failed ${about}: ${code}`),
      wouldRun: ({ about }, title, commands) => said.push(`would ${about}: ${title}: ${commands.join()}`),
    },
  })
  return { upkeep, said, taken: () => taken }
}

const due = (about: string, plan: () => Plan | undefined): Due => ({
  ...{ about, why: ['gone'] },
  plan: () => Promise.resolve().then(plan),
})

describe('upkeep', () => {
  it('mends what is due, under the lock, and says so', async () => {
    const done: string[] = []
    const { upkeep, said, taken } = keeping(() => [due('blue', () => planOf(() => done.push('blue')))])
    await upkeep.keep()
    assert.deepEqual([done, said, taken()], [['blue'], ['mended blue: gone'], 1])
    const routine = keeping(() => [{ ...due('blue', () => planOf(() => done.push('blue'))), isRoutine: true }])
    await routine.upkeep.keep()
    assert.deepEqual([done, routine.said], [['blue', 'blue'], []])
  })

  it('tells of nothing again because it was under way in between', async () => {
    let isSettling = false
    const failing = due('OVN', () => {
      throw new Refused('First', 'because')
    })
    const { upkeep, said } = keeping(() => [{ ...failing, isSettling }])
    for (isSettling of [false, true, true, false]) assert.equal(await upkeep.keep(), isSettling)
    assert.deepEqual(said, ['failed OVN: First'])
  })

  it('does nothing about what has been mended meanwhile, and needs no lock where nothing is due', async () => {
    const one = keeping(() => [due('blue', () => undefined)])
    await one.upkeep.keep()
    assert.deepEqual(one.said, [])
    const none = keeping(() => [])
    await none.upkeep.keep()
    assert.deepEqual([none.said, none.taken()], [[], 0])
  })

  it('tells once why something cannot be mended, again when it is for another reason or happens again; others are mended', async () => {
    let code: string | undefined = 'First'
    const { upkeep, said } = keeping(() => [
      due('blue', () => {
        if (code === undefined) return planOf(() => undefined)
        throw new Refused(code, `because of ${code}`)
      }),
      due('red', () => planOf(() => undefined)),
    ])
    for (const next of ['First', 'Second', undefined, 'First']) {
      code = next
      await upkeep.keep()
      await upkeep.keep()
    }
    assert.deepEqual(
      said.filter((line) => line.includes('blue')),
      ['failed blue: First', 'failed blue: Second', 'mended blue: gone', 'mended blue: gone', 'failed blue: First'],
    )
    assert.equal(said.filter((line) => line === 'mended red: gone').length, 8)
  })

  it('does not reject when looking fails, and leaves outages to those who tell of them', async () => {
    const broken = keeping(() => {
      throw new Error('defect')
    })
    await broken.upkeep.keep()
    assert.deepEqual(broken.said, ['failed the networks of this host: Unexpected'])
    const outage = keeping(() => {
      throw new OvsdError('DatabaseUnreachable', 'gone')
    })
    await outage.upkeep.keep()
    assert.deepEqual(outage.said, [])
  })

  it('tells once what several chores fail for, and each of several reasons once', async () => {
    const failing = (code: string) => () => {
      throw new OvsdError(code, `because of ${code}`)
    }
    const { upkeep, said } = keeping(failing('Damaged'), false, failing('Damaged'), failing('Other'))
    await upkeep.keep()
    await upkeep.keep()
    assert.deepEqual(said, ['failed the networks of this host: Damaged', 'failed the networks of this host: Other'])
  })

  it('with --dry-run prints, and takes no lock', async () => {
    const { upkeep, said, taken } = keeping(() => [due('blue', () => planOf(() => assert.fail('done')))], true)
    await upkeep.keep()
    assert.deepEqual([said, taken()], [['would blue: mend: ip link'], 0])
  })
})
