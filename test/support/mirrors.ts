// Namespaces on a bridge, one of which gets copies, and what it gets: real frames, by whom they are from and to.
import { execaSync } from 'execa'
import { openHost } from '../../src/lib/host.ts'
import { attachPort } from '../../src/lib/plan/attach-port.ts'
import { mirrorsFollow } from '../../src/lib/plan/keep-mirrors.ts'
import { parseAttach, type AttachWords } from '../../src/lib/plan/request.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import type { Stages, ReversibleStep } from '../../src/lib/plan/step.ts'
import { bareNamespace, type BareNamespace } from './namespace.ts'
import { json } from './ovsd.ts'
import { sniffer } from './sniffer.ts'
import { tool, toolIn } from './tool.ts'

export interface Attached extends BareNamespace {
  readonly mac: string
  readonly port: string
}

/** A namespace with an interface on a bridge; it knows no IPv6, which would say something when nobody asks. */
export function attached(bridge: string, iface: string, ...args: string[]): Attached {
  const namespace = bareNamespace()
  toolIn(namespace.path, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1')
  const { mac, port } = attach(bridge, iface, namespace, ...args)
  return {
    ...{ name: namespace.name, path: namespace.path, mac, port },
    [Symbol.dispose]() {
      // A pair goes some time after its namespace: the next test would see it.
      execaSync('ip', ['link', 'del', 'dev', port], { reject: false })
      namespace[Symbol.dispose]()
    },
  }
}

/** Attaches a namespace, as for the first time or again. */
export function attach(bridge: string, iface: string, { name, path }: BareNamespace, ...args: string[]) {
  const { mac, port } = json('add-port', bridge, iface, name, `--netns=${path}`, ...args) as Attached
  return { mac, port }
}

/** Attaches eth1 of a namespace to a network, as net connect does it for a container; its mirror follows. */
export async function join(
  network: { readonly name: string; readonly bridge: string; readonly vlan: number | undefined },
  { name, path }: BareNamespace,
  words: Partial<AttachWords> = {},
): Promise<void> {
  using host = openHost()
  const { bridge, vlan } = network
  const request = parseAttach({
    ...{ bridge, iface: 'eth1', container: name, netns: path, network: network.name, owner: 'net' },
    ...words,
  })
  using prepared = Object.assign(await attachPort(host, { ...request, vlan: { kind: 'access', tag: vlan ?? 0 } }), {
    [Symbol.dispose]: () => undefined,
  })
  const { plan, result } = prepared
  if (plan?.onFailure !== 'unwind') throw new Error('nothing to attach')
  const coming = {
    ...{ id: name, iface: 'eth1', name, bridge, network: network.name, vlan: vlan ?? 0 },
    ...{ port: result.port, addresses: result.addresses },
  }
  await runPlan({ ...plan, stages: [...plan.stages, ...(await mirrorsFollow(host, coming))] }, signal, nobody)
}

const signal = new AbortController().signal

/** Carries out what was planned for mirrors. */
export async function carryOut(stages: Stages<ReversibleStep>): Promise<void> {
  await runPlan({ onFailure: 'unwind', title: 'Keep mirrors', stages }, signal, nobody)
}

/** Hosts ask for each other now and then; what a test sends are echo requests. */
export const ECHO = 'icmp or (vlan and icmp)'

/** What an interface gets while something happens: each kind of frame once, as FROM>TO, with /TAG when it has one. */
export async function gets(
  path: string,
  link: string,
  who: Readonly<Record<string, { readonly mac: string }>>,
  during: () => unknown,
  filter = ECHO,
): Promise<readonly string[]> {
  const capture = await sniffer(link, filter, path)
  await during()
  const lines = await capture.stop()
  const names = new Map(Object.entries(who).map(([name, { mac }]) => [mac, name]))
  const kinds = lines.map((line) => {
    const [, from = '', to = ''] = /^\S+ ([0-9a-f:]+) > ([0-9a-f:]+),/.exec(line) ?? []
    const tag = /\bvlan (\d+)/.exec(line)?.[1]
    const flow = `${names.get(from) ?? from}>${to === 'ff:ff:ff:ff:ff:ff' ? 'all' : (names.get(to) ?? to)}`
    return tag === undefined ? flow : `${flow}/${tag}`
  })
  return [...new Set(kinds)].sort()
}

/** One echo request and its answer; the first of two that never met brings ARP with it. */
export const echo = (from: { readonly path: string }, to: string): string =>
  toolIn(from.path, 'busybox', 'ping', '-c', '1', '-W', '2', to)

/** The rows of mirrors as ovs-vsctl prints them, without their counters. */
export const mirrorRows = (): string =>
  tool(
    'ovs-vsctl',
    '--columns=_uuid,name,select_all,select_src_port,select_dst_port,select_vlan,output_port,output_vlan,snaplen,external_ids',
    'list',
    'Mirror',
  )

export interface MirrorSeen {
  readonly mirror: string
  readonly bridge: string
  readonly sources: readonly string[]
  readonly dest: string
  readonly state: string
  readonly reason: string
  readonly ours: boolean
  readonly packets: number | null
  readonly network: string | null
  readonly expires: string | null
}

/** `ovsd mirror ls`. */
export const mirrorsSeen = (): readonly MirrorSeen[] =>
  (json('mirror', 'ls') as { mirrors: readonly MirrorSeen[] }).mirrors
