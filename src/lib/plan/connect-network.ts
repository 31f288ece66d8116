import { portName } from '../attach/attachment.ts'
import { linkAlias, readMarks, type Marks } from '../attach/marks.ts'
import { readPersistRecords, type PersistRecord } from '../attach/persist.ts'
import { Refused } from '../errors.ts'
import { targetOf } from '../attach/target.ts'
import type { Container } from '../docker/container.ts'
import type { Host } from '../host.ts'
import { contains, parseHostCidr } from '../net/cidr.ts'
import { aliasOf, linkExists, linkExistsFor } from '../net/links.ts'
import { routeText } from '../net/route.ts'
import { defaultRouteFamilies } from '../net/proc-net.ts'
import { addressesFor } from '../network/addresses.ts'
import { logicalAddressesFor } from '../network/logical-addresses.ts'
import { networkNamed, portsOfNetwork, type Network } from '../network/networks.ts'
import { attachPort } from './attach-port.ts'
import type { AttachResult } from './attach-result.ts'
import { completeNetwork } from './complete-network.ts'
import { hasParts } from './parts/parts.ts'
import { mirrorsFollow } from './keep-mirrors.ts'
import type { Prepared } from './prepared.ts'
import { parseAttach } from './request.ts'
import type { ReversibleStep, Stages } from './step.ts'

/** The words of net connect. */
export interface ConnectWords {
  readonly network: string
  readonly container: string
  readonly iface?: string | undefined
  readonly ip?: readonly string[] | undefined
  readonly macaddress?: string | undefined
  readonly mayExist?: boolean | undefined
}

/** What net connect answers. */
export type ConnectResult = AttachResult & { readonly network: string }

/**
 * Looks at the host and plans the attachment of a container to a network. Errors: NetworkMissing, AlreadyConnected,
 * PoolExhausted, those of attachPort.
 */
export async function connectNetwork(host: Host, words: ConnectWords): Promise<Prepared<ConnectResult>> {
  const network = await networkNamed(host, words.network)
  const { name, bridge, spec } = network
  const container = await host.docker.inspect(words.container)
  const mine = await connection(host, network, container)
  if (mine !== undefined && words.iface !== undefined && words.iface !== mine.iface)
    throw new Refused('AlreadyConnected', `${container.name} is in the network ${name} already, with ${mine.iface}.`, {
      next: `Take it out first: ovsd net disconnect ${name} ${container.name}`,
    })
  const records = await recordsOf(host, container.id)
  const before = records.find((one) => one.bridge === bridge && one.network === name)
  if (before !== undefined && mine === undefined && words.iface !== undefined && words.iface !== before.iface)
    throw new Refused(
      'AlreadyConnected',
      `${container.name} has its place in the network ${name} with ${before.iface}, which ovsd watch attaches again.`,
      { next: `Take it out first: ovsd net disconnect ${name} ${container.name}; or let it have ${before.iface}.` },
    )
  const iface = words.iface ?? mine?.iface ?? before?.iface ?? (await freeInterface(host, records, container))
  await refuseSameSubnet(host, network, container)
  const request = parseAttach(
    {
      ...{ bridge, iface, container: container.id, macaddress: words.macaddress, mayExist: words.mayExist },
      ...{ network: name, tenant: spec.tenant, owner: 'net', persist: true },
      ipaddress: await (spec.overlay === undefined ? addressesFor : logicalAddressesFor)(
        host,
        network,
        { id: container.id, iface },
        words.ip ?? [],
      ),
      gateway: mine?.spec?.gateways ?? before?.spec.gateways ?? missingGateways(network, container),
      route: spec.routes.map(routeText),
      mtu: spec.mtu === undefined ? undefined : String(spec.mtu),
      vlan: spec.vlan === undefined ? undefined : String(spec.vlan),
    },
    (word) => OPTIONS[word] ?? `--${word}`,
  )
  const prepared = await inWordsOf(
    words,
    container,
    attachPort(host, {
      ...request,
      where: { kind: 'container', container },
      ...(spec.source === 'dhcp' ? { dhcp: true } : {}),
      // The other hosts give out addresses without asking this one.
      probe: spec.vxlan !== undefined,
      // To Open vSwitch a port without a VLAN is a trunk of all VLANs: what is inside could reach every other network.
      vlan: spec.vlan === undefined ? { kind: 'access', tag: 0 } : request.vlan,
    }),
  )
  const around = await partsAround(host, network, prepared)
  return { ...prepared, ...around, result: { ...prepared.result, network: name } }
}

/**
 * The plan, with what is missing of the network on this host put back first (without its gateway nobody gets far), and with
 * mirrors that are to follow the new port afterwards.
 */
async function partsAround(
  host: Host,
  network: Network,
  { plan, result }: Prepared<AttachResult>,
): Promise<Pick<Prepared<AttachResult>, 'plan'>> {
  if (plan?.onFailure !== 'unwind') return { plan }
  const { name, bridge, spec } = network
  const { port, containerId: id, container, interface: iface, addresses } = result
  const coming = { bridge, port, id, name: container, iface, addresses, vlan: spec.vlan ?? 0, network: name }
  const [before, after] = await Promise.all([missingParts(host, network), mirrorsFollow(host, coming)])
  return { plan: { ...plan, stages: [...before, ...plan.stages, ...after] } }
}

async function missingParts(host: Host, { name, spec }: Network): Promise<Stages<ReversibleStep>> {
  // Most have none, and are not looked at again.
  if (!hasParts(spec)) return []
  const { plan } = await completeNetwork(host, name)
  return plan?.onFailure === 'unwind' ? plan.stages : []
}

/** The same refusal, with the ways out that are left to who typed net connect. */
async function inWordsOf<T>(
  { network, mayExist }: ConnectWords,
  { name }: Container,
  attaching: Promise<T>,
): Promise<T> {
  try {
    return await attaching
  } catch (error) {
    const isSame = error instanceof Refused && error.code === 'AlreadyAttached'
    if (!isSame && !(error instanceof Refused && error.code === 'AttachedDifferently')) throw error
    const takeOut = `ake it out first: ovsd net disconnect ${network} ${name}`
    throw new Refused(isSame ? 'AlreadyAttached' : 'AttachedDifferently', error.message, {
      cause: error,
      next: mayExist === true ? `T${takeOut}` : `Be content with it: --may-exist; or t${takeOut}`,
    })
  }
}

const OPTIONS: Readonly<Record<string, string>> = { ipaddress: '--ip', iface: '--interface', container: 'CONTAINER' }

/** The marks of the port that a container has in a network. */
async function connection(host: Host, network: Network, { id }: Container): Promise<Marks | undefined> {
  const ports = await portsOfNetwork(host, network)
  return ports.map((where) => readMarks(where.interface.externalIds)).find((marks) => marks.id === id)
}

type Recorded = PersistRecord & { readonly bridge: string }

/** What a container will get again when it is attached anew, wherever. */
async function recordsOf(host: Host, id: string): Promise<readonly Recorded[]> {
  const rows = await host.ovs.bridges()
  return rows.flatMap((row) =>
    readPersistRecords(row.externalIds).flatMap((record) =>
      record.id === id ? [{ ...record, bridge: row.name }] : [],
    ),
  )
}

/**
 * The first of eth1, eth2 … that a container has not, and will not get again elsewhere. What a killed run left half-made is no
 * interface that it has.
 */
async function freeInterface(host: Host, records: readonly Recorded[], container: Container): Promise<string> {
  const { netnsPath, id } = targetOf(container)
  for (let n = 1; ; n++) {
    const iface = `eth${String(n)}`
    if (records.some((record) => record.iface === iface)) continue
    if (!linkExistsFor(netnsPath, iface) || (await isLeftover(host, id, iface))) return iface
  }
}

/** Two interfaces in one subnet: the kernel would send by one of them whatever is meant for either. Error: SubnetTwice. */
async function refuseSameSubnet(
  host: Host,
  { name, spec }: Network,
  { id, name: container }: Container,
): Promise<void> {
  const rows = (await host.ovs.interfaces([{ has: { ovsd_id: id } }])).flat()
  for (const row of rows) {
    const { network, iface, spec: has } = readMarks(row.externalIds)
    if (network === name || !linkExists(row.name)) continue
    const twice = spec.subnets.find(({ cidr }) =>
      has?.addresses.some((text) => contains(cidr, parseHostCidr(text, 'address').ip)),
    )
    if (twice !== undefined)
      throw new Refused('SubnetTwice', `${iface} of ${container} is in ${twice.cidr.text} already.`, {
        next: `A container cannot be twice in one subnet. Detach that one first: ovsd list`,
      })
  }
}

/** Whether the interface is the other end of a link that a killed run left: by name ovsd's, and on no bridge. */
async function isLeftover(host: Host, id: string, iface: string): Promise<boolean> {
  const port = portName(id, iface)
  if (!linkExists(port)) return false
  const rows = (await host.ovs.interfaces([{ name: port }])).flat()
  return rows.length === 0 && (await aliasOf(host.run, port)) === linkAlias(id, iface)
}

/** The gateways of a network for which a container has no default route yet: the first of its networks gives it one. */
function missingGateways({ spec: { subnets } }: Network, container: Container): readonly string[] {
  const present = defaultRouteFamilies(targetOf(container).netnsPath)
  return subnets.flatMap(({ gateway }) =>
    gateway === undefined || present?.has(gateway.family) === true ? [] : [gateway.text],
  )
}
