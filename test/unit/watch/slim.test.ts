import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The room for new objects of a process after a burst of them that all live for a while, in bytes. */
function newSpaceAfterBurst(before: string): number {
  const script = `${before}
    const { getHeapSpaceStatistics } = await import('node:v8')
    const kept = []
    for (let i = 0; i < 2_000_000; i++) kept[i % 200_000] = { i, text: 'x' + i }
    console.log(getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size)`
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { timeout: 30_000 }))
}

/** Resident memory of a process that has made garbage once and is idle since, in bytes. */
function residentWhenIdle(before: string): number {
  const script = `${before}
    const kept = []
    for (let i = 0; i < 300_000; i++) kept[i] = { i, text: 'x' + i }
    kept.length = 0
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    console.log(process.memoryUsage.rss(), kept.length)`
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { timeout: 30_000 })
  return Number(said.toString().split(' ')[0])
}

describe('slim', () => {
  it('keeps the room for new objects small in a burst, in which it grows otherwise', function () {
    this.timeout(60_000)
    const file = fileURLToPath(new URL('../../../src/lib/watch/slim.ts', import.meta.url))
    const slim = newSpaceAfterBurst(`const { slim } = await import('${file}'); slim()`)
    const usual = newSpaceAfterBurst('')
    assert.ok(slim * 4 <= usual, `${slim} of ${usual}`)
  })

  it('gives back to the host what garbage took', function () {
    this.timeout(60_000)
    const file = fileURLToPath(new URL('../../../src/lib/watch/slim.ts', import.meta.url))
    const slim = residentWhenIdle(`const { slim } = await import('${file}'); slim(100)`)
    const usual = residentWhenIdle('')
    assert.ok(slim + (10 << 20) <= usual, `${slim} of ${usual}`)
  })
})
