// What engines said to a driver, said again to the one that runs now.
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import type { EngineCall, Fields, Story } from './engine-stories.ts'
import { sent, type Called } from './plugin-call.ts'
import { snapshot } from './snapshot.ts'

const textOf = (body: Fields | null): string => (body === null ? '' : `${JSON.stringify(body)}\n`)

/** What the engine makes of an answer: it does not take everything. */
function isTaken(method: string, asked: Fields | null, { status, body }: Called): void {
  const about = `${method}: ${JSON.stringify(body)}`
  assert.equal(status, 200, about)
  assert.ok((body['Err'] ?? '') === '' && (body['Error'] ?? '') === '', about)
  const wish = (asked?.['Interface'] ?? {}) as Readonly<Record<string, string>>
  const given = (body['Interface'] ?? {}) as Readonly<Record<string, string>>
  // An address that the engine has chosen may not come back.
  for (const key of ['Address', 'AddressIPv6', 'MacAddress'])
    if ((wish[key] ?? '') !== '') assert.equal(given[key] ?? '', '', about)
  if (method.endsWith('.CreateEndpoint') && wish['MacAddress'] === '') assert.match(given['MacAddress'] ?? '', /^02:/)
  if (method.endsWith('.Join')) {
    const { SrcName = '', DstPrefix } = body['InterfaceName'] as Readonly<Record<string, string>>
    assert.equal(DstPrefix, 'eth', about)
    assert.ok(existsSync(`/sys/class/net/${SrcName}`), about)
    const { Gateway = '', GatewayIPv6 = '' } = body as Readonly<Record<string, string>>
    assert.ok(Gateway === '' || isIPv4(Gateway), about)
    assert.ok(GatewayIPv6 === '' || isIPv6(GatewayIPv6), about)
  }
  if (method.endsWith('.EndpointOperInfo')) assert.equal(typeof body['Value'], 'object', about)
  if (method.endsWith('.GwAllocCheck')) {
    const isInternal = (asked?.['Options'] as Fields | undefined)?.['com.docker.network.internal'] === true
    assert.deepEqual(body, { SkipIPv4: isInternal, SkipIPv6: isInternal }, about)
  }
}

/** The driver chooses the ids of pools, and each time others: in the place of those that an engine said come these. */
class PoolIds {
  readonly #ids = new Map<unknown, unknown>()

  /** What the engine would say now. */
  now({ body }: EngineCall): Fields | null {
    const id = body?.['PoolID']
    return id === undefined ? body : { ...body, PoolID: this.#ids.get(id) ?? id }
  }

  learn({ answer }: EngineCall, given: Fields): void {
    if (answer !== undefined) this.#ids.set(answer['PoolID'], given['PoolID'])
  }
}

/** Says all that an engine said, each call so many times. */
export async function replayed({ scenes }: Story, times: 1 | 2): Promise<void> {
  const before = snapshot()
  const pools = new PoolIds()
  for (const { does, calls } of scenes)
    for (const call of calls) {
      const asked = pools.now(call)
      const answer = await sent(call.method, textOf(asked))
      isTaken(`${does}: ${call.method}`, asked, answer)
      pools.learn(call, answer.body)
      if (times === 1 || call.method.startsWith('IpamDriver.')) continue
      assert.deepEqual(await sent(call.method, textOf(asked)), answer, call.method)
    }
  assert.deepEqual(snapshot(), before)
}
