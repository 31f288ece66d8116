import { strict as assert } from 'node:assert'
import { PlanFailed } from '../../src/lib/run/run-plan.ts'
import { bringUp, engineNow, takeDown, type Asked } from '../support/ovn-container.ts'
import { FAULTS, faultyRunner } from '../support/faulty-runner.ts'
import { ovnBase, ovnImage, type TestImage } from '../support/ovn-image.ts'
import { tool } from '../support/tool.ts'

/** Fails one command, and compares the engine before and after. Gives whether there was such a command. */
async function oneFault(nth: number, fault: (typeof FAULTS)[number], asked: Asked = {}): Promise<boolean> {
  const before = engineNow()
  const { runner, reached } = faultyRunner(nth, fault)
  const failure: unknown = await bringUp(asked, { runner }).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!reached()) return false
  assert.ok(failure instanceof PlanFailed, String(failure))
  assert.deepEqual([failure.status, failure.left], [1, []], failure.message)
  assert.deepEqual(engineNow(), before, `command ${nth}, fault ${fault}`)
  return true
}

describe("OVN's central in a container, each command failing in turn before it ran, after it ran, and killed", function () {
  this.timeout(240_000)
  let base: TestImage
  let found: unknown
  before(() => {
    found = engineNow()
    base = ovnBase()
  })
  after(() => {
    base[Symbol.dispose]()
    assert.deepEqual(engineNow(), found, 'something is left')
  })
  afterEach(() => takeDown())

  it('with its image: the engine is as it was', async () => {
    using _image = ovnImage(base)
    let faults = 0
    for (let nth = 0; ; nth++) {
      if (!(await oneFault(nth, 'before'))) break
      for (const fault of ['after', 'killed'] as const) assert.ok(await oneFault(nth, fault))
      faults += 3
    }
    // Network, volume, create and start.
    assert.equal(faults, 12)
  })

  it('of one that is there and stopped: it is stopped again', async () => {
    using _image = ovnImage(base)
    await bringUp()
    tool('docker', 'stop', 'ovn-central')
    for (const fault of FAULTS) assert.ok(await oneFault(0, fault))
  })

  it('building its image: neither the image nor a layer of it stays', async () => {
    // Network and volume come before.
    for (const fault of FAULTS) assert.ok(await oneFault(2, fault))
  })

  it('a build that cannot come to its end leaves nothing', async () => {
    const before = engineNow()
    await assert.rejects(bringUp({ base: 'busybox' }), (error: { code: string; message: string }) => {
      assert.equal(error.code, 'CentralBuildFailed')
      assert.match(error.message, /ovsd-ovn-central:1 could not be built on busybox.*apt-get: not found/s)
      return true
    })
    assert.deepEqual(engineNow(), before)
  })

  it('taking it down: what could not be removed is named, and the same again removes it', async () => {
    using _image = ovnImage(base)
    for (let nth = 0; ; nth++) {
      const before = engineNow()
      await bringUp()
      const { runner, reached } = faultyRunner(nth, 'before')
      const failure: unknown = await takeDown(true, runner).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (!reached()) {
        assert.deepEqual([nth, failure], [4, undefined])
        break
      }
      assert.equal((failure as { status: number }).status, 3)
      await takeDown()
      assert.deepEqual(engineNow(), before)
    }
  })
})
