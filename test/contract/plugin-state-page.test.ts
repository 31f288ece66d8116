// ovsd-plugin-state(8) has to explain every key of its JSON. The compiler keeps this list complete.
import { strict as assert } from 'node:assert'
import { STATE_KEYS } from '../../scripts/docs/plugin-state-page.ts'
import { ovsd } from '../support/ovsd.ts'
import type { CallInFlight, MethodCalls } from '../../src/lib/plugin/calls.ts'
import type { PoolState } from '../../src/lib/plugin/ipam/pool-states.ts'
import type { EndpointState } from '../../src/lib/plugin/state-records.ts'
import type { DriverState, PluginState } from '../../src/lib/plugin/state.ts'

type Key = keyof PluginState | keyof DriverState | keyof MethodCalls | keyof EndpointState | keyof PoolState

describe('ovsd-plugin-state(8)', () => {
  it('explains every key', () => {
    const keys: Record<Key, true> = {
      driver: true,
      networks: true,
      endpoints: true,
      problems: true,
      version: true,
      pid: true,
      startedAt: true,
      uptimeSeconds: true,
      calls: true,
      inFlight: true,
      method: true,
      count: true,
      failed: true,
      lastMs: true,
      slowestMs: true,
      lastAt: true,
      endpoint: true,
      network: true,
      title: true,
      bridge: true,
      port: true,
      farLink: true,
      addresses: true,
      mac: true,
      vlan: true,
      container: true,
      containerId: true,
      interface: true,
      state: true,
      publishedPorts: true,
      pools: true,
      pool: true,
      subnet: true,
      range: true,
      held: true,
    }
    const told = STATE_KEYS.flatMap(([names]) => names)
    assert.deepEqual([...new Set(told)], told, 'explained once')
    // That of a network whose record is damaged.
    assert.deepEqual([...told].sort(), [...Object.keys(keys), 'problem'].sort())
    const [, text] = STATE_KEYS.find(([names]) => names.includes('inFlight')) ?? []
    const atWork: Record<keyof CallInFlight, true> = { method: true, network: true, endpoint: true, ms: true }
    for (const key of Object.keys(atWork)) assert.match(text ?? '', new RegExp(`\\b${key}\\b`))
  })
})

describe('a command that is a topic, too', () => {
  const completed = (...words: string[]): string => ovsd(['__complete', '--', ...words]).stdout

  it('is completed as both', () => {
    assert.equal(completed('plugin', ''), 'state\n')
    assert.equal(completed('plugin', '--log-l'), '--log-level=\n')
    assert.equal(completed('plugin', 'state', '--so'), '--socket=\n')
    assert.equal(completed('plugin', '--log-level', 'debug', '--so'), '--socket=\n')
  })
})
