// Ports of containers, as ovs-vsctl and ip tell of them.
import { strict as assert } from 'node:assert'
import { portName } from '../../src/lib/attach/attachment.ts'
import type { TestBridge } from './bridge.ts'
import { start } from './ovsd.ts'
import type { Reconciling } from './reconciling.ts'
import type { Sleeper } from './sleepers.ts'
import { tool, toolIn } from './tool.ts'

export const port = ({ id }: Sleeper, iface = 'eth1'): string => portName(id, iface)
export const ports = ({ name }: { readonly name: string }): readonly string[] =>
  tool('ovs-vsctl', 'list-ports', name).trim().split('\n').filter(Boolean).sort()
export const column = (table: string, row: string, name: string): string =>
  tool('ovs-vsctl', '--if-exists', 'get', table, row, name).trim()
export const addressesIn = ({ netns }: Sleeper, iface = 'eth1'): string =>
  toolIn(netns, 'ip', '-o', '-4', 'address', 'show', 'dev', iface)

/** `ovsd add-port` for eth1, while this process answers as the engine. */
export async function add(
  site: Reconciling,
  { name }: TestBridge,
  sleeper: Sleeper,
  ...options: string[]
): Promise<void> {
  const engine = `--docker=unix://${site.engine.socket}`
  const { status, stderr } = await start(['add-port', name, 'eth1', sleeper.id, engine, ...options]).ended
  assert.equal(status, 0, stderr)
}

/** Labels for eth1 of a bridge, and more of them. */
export const labels = (bridge: TestBridge | string, address: string, more: Readonly<Record<string, string>> = {}) => ({
  'ovs.bridge': typeof bridge === 'string' ? bridge : bridge.name,
  'ovs.ip_address': address,
  ...more,
})
