// Who may get the copies of a mirror: a port that is used for nothing else (network/mirror/use.ts).
import { BadInput, CommandFailed, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { IpAddress } from '../net/ip-address.ts'
import { hostAddressesOn } from '../network/mirror/host-addresses.ts'
import type { MirrorPort } from '../network/mirror/ports.ts'
import { useOf, type Use } from '../network/mirror/use.ts'
import { calledFor } from './mirror-ends.ts'

/** Refuses a port that is used for something. Error: MirrorDestInUse; what `force` allows is what a user can judge. */
export async function refuseUsedPort(host: Host, port: MirrorPort, force: boolean): Promise<void> {
  const use = useOf(port, await hostAddressesOn(host, [port]))
  if (use !== undefined && !(force && !use.isFinal)) throw destInUse(port, use)
}

/** Why a port cannot get the copies, and what to do about it. */
export function destInUse(port: MirrorPort, { why, isFinal }: Use): Refused {
  const called = calledFor(port)
  if (isFinal)
    return new Refused('MirrorDestInUse', `${called} ${why}: whoever gets copies gets nothing else.`, {
      next: 'Choose a port that is there for nothing else, for example an interface without addresses',
    })
  const { container, name } = port.marks
  return new Refused(
    'MirrorDestInUse',
    `${called} ${why}. Whoever gets copies gets nothing else, and can send nothing.`,
    {
      next: `Give it an interface of its own: ovsd add-port ${port.bridge} mon0 ${name || container || 'CONTAINER'}; or accept that with --force`,
    },
  )
}

interface Route {
  readonly type?: string
  readonly dev?: string
}

/**
 * Refuses the other end of a tunnel that is this host, that has no route, or whose way leads over the bridge itself, where the
 * copies would be copied. Errors: BadInput (an address of this host), MirrorDestUnfit.
 */
export async function refuseTunnel(
  host: Host,
  { text: ip }: IpAddress,
  bridge: { readonly name: string; readonly datapathType: string },
  ports: readonly MirrorPort[],
): Promise<void> {
  const route = await routeTo(host, ip)
  if (route.type === 'local') throw new BadInput('--dest', `${ip} is an address of this host.`, 'gre:192.0.2.9')
  const { dev = '' } = route
  const links = await withLower(host, dev)
  if (ports.some(({ name, bridge: at }) => at === bridge.name && links.includes(name)))
    throw unfit(
      `The way to ${ip} is ${dev}, over ${bridge.name} itself: copies would be copied again.`,
      'Mirror to a host that is reached another way',
    )
  if (bridge.datapathType === 'netdev' && !ports.some(({ name }) => name === dev))
    throw unfit(
      `The way to ${ip} is ${dev}, which is on no bridge; the userspace datapath of ${bridge.name} sends tunnels over bridges only.`,
      `Put ${dev} on a bridge of its own, with the address of the host on that bridge`,
    )
}

async function routeTo(host: Host, ip: string): Promise<Route> {
  try {
    const { stdout } = await host.run({ tool: 'ip', args: ['-json', 'route', 'get', ip] })
    const [route] = JSON.parse(stdout) as readonly Route[]
    if (route?.dev !== undefined) return route
  } catch (error) {
    // It fails when there is no way.
    if (!(error instanceof CommandFailed)) throw error
  }
  throw unfit(`This host has no route to ${ip}.`, `ip route get ${ip}`)
}

/** A device, and what it is made on: a VLAN of it. */
async function withLower(host: Host, dev: string): Promise<readonly string[]> {
  const { stdout } = await host.run({ tool: 'ip', args: ['-json', 'link', 'show', 'dev', dev] })
  const [found] = JSON.parse(stdout) as readonly { readonly link?: string }[]
  return [dev, ...(found?.link === undefined ? [] : [found.link])]
}

const unfit = (message: string, next: string): Refused => new Refused('MirrorDestUnfit', message, { next })
