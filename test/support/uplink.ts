// Flat networks as the recipes make them, and everything of the host that they may touch.
import { openHost, type Host } from '../../src/lib/host.ts'
import { parseNetworkSpec } from '../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { createNetwork, type CreatedNetwork, type CreateOptions } from '../../src/lib/plan/create-network.ts'
import { removeNetwork } from '../../src/lib/plan/remove-network.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import type { Lan } from './lan.ts'
import { roughly, snapshot } from './snapshot.ts'
import { tool, tools } from './tool.ts'

const signal = new AbortController().signal

/** Makes a flat network, as `net create` does. */
export async function createFlat(
  words: Omit<NetworkWords, 'mode'>,
  options: Partial<CreateOptions> = {},
  runner?: Runner,
): Promise<CreatedNetwork> {
  using host = openHost()
  const working: Host = runner === undefined ? host : { ...host, run: runner }
  const whole = { ...words, mode: 'flat' }
  const { plan, result } = await createNetwork(working, whole, parseNetworkSpec(whole), { mayExist: false, ...options })
  if (plan !== undefined) await runPlan(plan, signal, nobody)
  return result
}

/** Removes one, as `net rm --force` does. */
export async function removeFlat(name: string, runner?: Runner): Promise<void> {
  using host = openHost()
  const working: Host = runner === undefined ? host : { ...host, run: runner }
  const { plan } = await removeNetwork(working, name, { force: true })
  if (plan !== undefined) await runPlan(plan, signal, nobody)
}

/** Addresses and routes of both families on the host's end of a LAN, as a server has them. */
export function settle({ nic }: Lan): void {
  const add = (...words: string[]): string => tool('ip', ...words, 'dev', nic)
  add('address', 'add', '203.0.113.1/24', 'broadcast', '+', 'label', `${nic}:a`)
  add('address', 'add', '203.0.113.2/24')
  add('address', 'add', '198.51.100.1', 'peer', '198.51.100.2/32', 'scope', 'link')
  add('address', 'add', 'fd03::1/64', 'nodad')
  add('address', 'add', 'fd03::2/64', 'nodad')
  add('address', 'change', 'fd03::2/64')
  add('route', 'add', 'default', 'via', '203.0.113.9', 'metric', '50', 'mtu', '1400')
  add('route', 'add', '192.0.2.0/24', 'via', '203.0.113.9', 'src', '203.0.113.2', 'proto', 'static')
  add('route', 'add', '192.0.2.0/24', 'via', '203.0.113.9', 'table', '77')
  add('-6', 'route', 'add', 'default', 'via', 'fd03::9', 'metric', '7')
  add('-6', 'route', 'add', '2001:db8::/32', 'via', 'fe80::9')
}

/** Everything of the host that an uplink may touch; compared with deepEqual. */
export function hostNow(...namespaces: readonly string[]): unknown {
  const [nft, own, ...json] = tools([
    ['nft', 'list', 'ruleset'],
    [
      'ovs-vsctl',
      '--columns=name,other_config',
      'list',
      'Bridge',
      '--',
      '--columns=name,mtu_request',
      'list',
      'Interface',
    ],
    ['ip', '-json', 'address'],
    ['ip', '-json', '-4', 'route', 'show', 'table', 'all'],
    ['ip', '-json', '-6', 'route', 'show', 'table', 'all'],
  ])
  return {
    ...snapshot(...namespaces),
    ...{ nft, own },
    json: json.map((text) => steady(JSON.parse(text || '[]') as readonly Entry[])),
  }
}

type Entry = Readonly<Record<string, unknown>>

/** Without what changes by itself, and what Open vSwitch has of its own. */
const steady = (entries: readonly Entry[]): readonly unknown[] =>
  entries
    .filter(({ ifname, dst }) => ifname !== 'ovs-netdev' && dst !== 'ff00::/8')
    .map((entry) => JSON.stringify(entry, (key, value: unknown) => still(key, value)))
    .sort()

function still(key: string, value: unknown): unknown {
  if (key.endsWith('_life_time')) return roughly(Number(value))
  return CHANGING.has(key) ? undefined : value
}

const CHANGING = new Set(['operstate', 'ifindex', 'link_index', 'qdisc', 'tentative'])
