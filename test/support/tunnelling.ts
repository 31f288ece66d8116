// Tunnels of a network as `net create` and `net rm` would make and remove them, on a host that may be alone.
import { strict as assert } from 'node:assert'
import type { Host } from '../../src/lib/host.ts'
import { parseNetworkSpec, type NetworkSpec } from '../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import type { Surroundings } from '../../src/lib/plan/parts/part.ts'
import { tunnels } from '../../src/lib/plan/parts/tunnels.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { tableRows } from './ovs-rows.ts'
import { tool } from './tool.ts'

const signal = new AbortController().signal

export const REMOTES = ['198.51.100.2', 'fd00:198:51:100::3']
const ALONE: Surroundings = { others: [] }

export const specOf = (bridge: string, words: Partial<NetworkWords> = {}): NetworkSpec =>
  parseNetworkSpec({ name: 'blue', bridge, vxlan: REMOTES, key: '77', ...words })

/** Carries out what the part plans; gives how many steps that were. */
export async function make(host: Host, spec: NetworkSpec, around = ALONE): Promise<number> {
  const stages = await tunnels.make(host, spec, around)
  await runPlan({ onFailure: 'unwind', title: 'Make tunnels', stages }, signal, nobody)
  return stages.flat().length
}

export async function remove(host: Host, spec: NetworkSpec): Promise<void> {
  const stages = await tunnels.remove(host, spec, ALONE)
  await runPlan({ onFailure: 'continue', title: 'Remove tunnels', stages }, signal, nobody)
}

export const missing = (host: Host, spec: NetworkSpec): Promise<readonly string[]> => tunnels.missing(host, spec, ALONE)

export const refusal = (code: string, message: RegExp) => (error: Error) => {
  assert.equal((error as { code?: string }).code, code, error.message)
  assert.match(error.message, message)
  return true
}

/** Rows and OpenFlow numbers of the tunnels: what was not touched has the same. */
export const seen = (): readonly string[] =>
  tableRows('Interface', '_uuid', 'name', 'type', 'ofport')
    .filter(({ type }) => type === 'vxlan')
    .map((row) => JSON.stringify(row))
    .sort()

export const vsctl = (...args: string[]): string => tool('ovs-vsctl', ...args)

/** A VXLAN port of somebody else; ovs-vsctl ends with 0 or 65 when ovs-vswitchd cannot run it (Open vSwitch 3.6). */
export const addForeign = (bridge: string, name: string, ...options: string[]): void => {
  vsctl('--no-wait', 'add-port', bridge, name, '--', 'set', 'Interface', name, 'type=vxlan', ...options)
}
