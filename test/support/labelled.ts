// Containers that ask for interfaces, and what they ask for in a form that can be compared with what they get.
import { execa } from 'execa'
import { container, type TestContainer } from './containers.ts'
import { tool } from './tool.ts'

/** One interface that labels ask for. What is left out is left to ovsd. */
export interface Want {
  /** Default: eth1, by plain labels. */
  readonly iface?: string
  /** Default: the daemon's default bridge, which the test names when it looks. */
  readonly bridge?: string
  readonly addresses?: readonly string[]
  readonly mac?: string
  readonly mtu?: number
  readonly vlan?: number
  readonly trunks?: string
  readonly native?: number
  readonly gateways?: readonly string[]
  /** `TO` or `TO,VIA`. */
  readonly routes?: readonly string[]
  readonly tenant?: string
  /** kbit/s */
  readonly rate?: number
}

/** A container, and what it asks for. */
export interface Wanting {
  readonly id: string
  readonly name: string
  readonly wants: readonly Want[]
}

export type LabelledContainer = TestContainer & Wanting

/** The labels that say it. */
export function labelsOf(wants: readonly Want[]): Readonly<Record<string, string>> {
  const pairs = wants.flatMap((want): [string, string | number | undefined][] => {
    const { iface = 'eth1', bridge, addresses, mac, mtu, vlan, trunks, native, gateways, routes, tenant, rate } = want
    const key = (name: string): string => (iface === 'eth1' ? `ovs.${name}` : `ovs.${iface}.${name}`)
    return [
      [key('ip_address'), addresses?.join(',')],
      [key('bridge'), bridge],
      [key('mac_address'), mac],
      [key('mtu'), mtu],
      [key('vlan'), vlan],
      [key('trunks'), trunks],
      [key('native_vlan'), native],
      [key('gateway'), gateways?.join(',')],
      [key('routes'), routes?.join(' ')],
      [key('tenant'), tenant],
      [key('rate'), rate === undefined ? undefined : `${rate}k`],
    ]
  })
  return Object.fromEntries(pairs.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])))
}

/** Options of `docker run` for labels. */
export const labelOptions = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`)

/** Runs a container that asks for these interfaces; text is short for eth1 with this address. */
export function labelled(...wants: readonly (Want | string)[]): LabelledContainer {
  const all = wants.map((want) => (typeof want === 'string' ? { addresses: [want] } : want))
  return { ...container(...labelOptions(labelsOf(all))), wants: all }
}

/** Containers that are started, and removed, by one command for all of them each. */
export interface Together extends Disposable {
  readonly all: readonly Wanting[]
  /** Starts them side by side. */
  start(): Promise<void>
  /** Ends them side by side. */
  kill(): Promise<void>
}

let count = 0

/** Creates one container for each set of labels, and does not start them. */
export async function together(sets: readonly Readonly<Record<string, string>>[]): Promise<Together> {
  const all = await Promise.all(
    sets.map(async (labels) => {
      const name = `t${String(process.pid)}-${String(count++)}`
      const { stdout } = await execa('docker', [
        ...['create', `--name=${name}`, '--network=none', ...labelOptions(labels)],
        ...['busybox', '/bin/busybox', 'sleep', '100000'],
      ])
      return { id: stdout, name, wants: [] }
    }),
  )
  const ids = all.map(({ id }) => id)
  const each = async (command: string): Promise<void> => {
    await Promise.all(ids.map((id) => execa('docker', [command, id])))
  }
  return {
    all,
    start: () => each('start'),
    kill: () => each('kill'),
    [Symbol.dispose]: () => void tool('docker', 'rm', '--force', ...ids),
  }
}
