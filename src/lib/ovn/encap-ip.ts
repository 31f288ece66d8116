// The address by which other hosts reach this one: their tunnels end at it.
import { BadInput } from '../errors.ts'
import type { Runner } from '../system/runner.ts'

const FIELD = '--encap-ip'
const GOOD = '192.0.2.10'

/** Devices of container engines and of Open vSwitch: no other host is behind them. */
const INSIDE = /^(lo|docker\d*|br-[0-9a-f]{12}|veth.*|podman\d*|cni.*|ovs-system|br-int)$/

/** What `ip -json address` tells of a device. */
interface Device {
  readonly ifname: string
  readonly mtu: number
  readonly addr_info?: readonly { readonly family: string; readonly local: string; readonly scope: string }[]
}

/**
 * The address to be reached at, when nobody said which: the one that packets to central leave with; where central is this host itself,
 * the one of the default route; else the only one that there is. Errors: BadInput, which names those that could be meant; CommandFailed.
 */
export async function chooseEncapIp(run: Runner, central: readonly string[]): Promise<string> {
  for (const host of [...central, ...ANYWHERE]) {
    const source = await sourceTo(run, host)
    if (source !== undefined) return source
  }
  const candidates = (await addresses(run)).filter(({ isInside }) => !isInside).map(({ address }) => address)
  const [only, another] = candidates
  if (only === undefined)
    throw new BadInput(FIELD, 'this host has no address that others could reach it at; say which it will be.', GOOD)
  if (another !== undefined)
    throw new BadInput(FIELD, `this host has several addresses (${candidates.join(', ')}); say which.`, only)
  return only
}

/** Addresses of documentation networks (RFC 5737, RFC 3849): nobody has a route of his own to them, so they show the default one. */
const ANYWHERE = ['192.0.2.1', '2001:db8::1'] as const

/** The address that packets to `host` would leave with; undefined without a way, and on a way that stays on this host. */
async function sourceTo(run: Runner, host: string): Promise<string | undefined> {
  const { stdout, status } = await run({ tool: 'ip', args: ['-json', 'route', 'get', host], okStatuses: [1, 2] })
  if (status !== 0) return undefined
  const [route] = JSON.parse(stdout || '[]') as readonly { dev?: string; prefsrc?: string; type?: string }[]
  if (route?.prefsrc === undefined || route.type === 'local' || INSIDE.test(route.dev ?? '')) return undefined
  return route.prefsrc
}

/** The addresses of this host that are not only good on a link or on the host. Error: CommandFailed. */
async function addresses(run: Runner): Promise<readonly { readonly address: string; readonly isInside: boolean }[]> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', 'address', 'show', 'up'] })
  return (JSON.parse(stdout || '[]') as readonly Device[]).flatMap(({ ifname, addr_info = [] }) =>
    addr_info
      .filter(({ scope, family }) => scope === 'global' && family === 'inet')
      .map(({ local }) => ({ address: local, isInside: INSIDE.test(ifname) })),
  )
}

/** The MTU, in bytes, of the device that has an address; Ethernet's, when none has it any more. Error: CommandFailed. */
export async function mtuOf(run: Runner, address: string): Promise<number> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', 'address', 'show'] })
  const devices = JSON.parse(stdout || '[]') as readonly Device[]
  return devices.find(({ addr_info = [] }) => addr_info.some(({ local }) => local === address))?.mtu ?? 1500
}

/** Whether this host has an address. Error: CommandFailed. */
export async function hasAddress(run: Runner, address: string): Promise<boolean> {
  return (await ownAddresses(run)).includes(address)
}

/** Refuses an address that this host does not have: nothing could come in by it. Errors: BadInput, CommandFailed. */
export async function refuseForeignAddress(run: Runner, address: string, field: string = FIELD): Promise<void> {
  const own = await ownAddresses(run)
  if (own.includes(address)) return
  const shown = own.filter((one) => !/^(127\.|::1$|fe80:)/.test(one))
  throw new BadInput(field, `this host has no address ${address}.`, shown[0] ?? GOOD)
}

async function ownAddresses(run: Runner): Promise<readonly string[]> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', 'address', 'show'] })
  return (JSON.parse(stdout || '[]') as readonly Device[]).flatMap(({ addr_info = [] }) =>
    addr_info.map(({ local }) => local),
  )
}
