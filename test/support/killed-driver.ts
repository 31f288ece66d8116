import { strict as assert } from 'node:assert'
import { callDriver } from './plugin-call.ts'
import { plugin } from './watch.ts'
import { wrappedTools, type Moment } from './wrapped-tools.ts'

/** A call of Docker's, and when the driver is killed while it is at it. */
export interface KilledCall {
  readonly method: string
  readonly call: object
  /** Which tool it is killed at, from 1, and whether before or after that has worked. */
  readonly nth: number
  readonly moment: Extract<Moment, 'before' | 'after'>
  /** Tools that count besides those that always do. */
  readonly more?: readonly string[]
}

/** Has a driver of its own killed during a call. False when the call was answered because it starts fewer tools. */
export async function killedDuring({ method, call, nth, moment, more = [] }: KilledCall): Promise<boolean> {
  using tools = wrappedTools(nth, moment, 'KILL', ':', more)
  const driver = await plugin([], { PATH: tools.path })
  const answer = await callDriver(method, call).catch(() => undefined)
  if (answer === undefined) {
    assert.equal(await driver.ended, 137)
    tools.calls()
    return true
  }
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  await driver.stop()
  return false
}
