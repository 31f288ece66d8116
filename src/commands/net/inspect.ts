import { BaseCommand } from '../../base-command.ts'
import { shortId } from '../../lib/docker/container.ts'
import { describePort } from '../../lib/attach/published-ports.ts'
import { tellPending } from '../../lib/network/pending.ts'
import type { TunnelSeen } from '../../lib/network/tunnels-seen.ts'
import { parseNetworkName } from '../../lib/network/name.ts'
import { inspectNetwork, type InspectedNetwork, type KeptPlace } from '../../lib/plan/inspect-network.ts'
import { painter } from '../../lib/ui/colour.ts'
import { plainLine } from '../../lib/ui/plain-text.ts'
import { table } from '../../lib/ui/table.ts'
import { Args } from '../../oclif.ts'

export default class InspectNetwork extends BaseCommand {
  static override summary = 'Show a network, and what is attached to it'
  static override description = `Says what is missing of it on this host, if anything is; ovsd watch puts that back, and so does the net create that made it, repeated.`
  static override examples = ['<%= config.bin %> net inspect blue', '<%= config.bin %> net inspect blue --json']
  static override args = { network: Args.string({ description: 'name of the network', required: true }) }
  static override live = { network: 'network' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(InspectNetwork)
    const name = parseNetworkName(args.network)
    const inspected = await this.look(flags, (host) => inspectNetwork(host, name))
    if (!flags.quiet) this.log(render(inspected))
    return inspected
  }
}

/** Its name, and what Docker calls it. */
const titled = ({ network, title }: InspectedNetwork): string =>
  title === null ? network : `${network} (${plainLine(title)})`

const counted = ({ txPackets, rxPackets }: TunnelSeen): string =>
  `${String(txPackets)} packets sent, ${String(rxPackets)} received`

const ADDRESSES: Readonly<Record<string, string>> = {
  docker: 'given out by ovsd',
  plugin: 'given out through Docker',
  static: 'as they are asked for',
  dhcp: 'from a DHCP server in the network',
  inside: 'the containers see to them',
}

const cells = ({ container, containerId, addresses, ...one }: KeptPlace): readonly string[] => [
  ...[container, shortId(containerId), one.interface],
  addresses.join(', ') || '-',
]

/** What a network on OVN has besides. */
function overlayRows(overlay: InspectedNetwork['overlay']): readonly (readonly string[])[] {
  if (overlay === null) return []
  const { router, transitNetwork, physnet, externalGateways, externalAddresses, role } = overlay
  return [
    ['switch', overlay.switch],
    ...(role === null ? [] : [['role', role]]),
    ...(router === null ? [] : [[role === null ? 'router' : 'gateway router', router]]),
    ...(transitNetwork === null ? [] : [['transit network', transitNetwork]]),
    ...(physnet === null ? [] : [['physical network', physnet]]),
    ...externalGateways.map((one, i) => ['way out', `by ${one}, as ${externalAddresses[i] ?? ''}`]),
  ]
}

function render(network: InspectedNetwork): string {
  const { attachments, keptFor, missing, tunnels, pending } = network
  const { bold, yellow } = painter(process.stdout)
  const rows = [
    ['bridge', network.bridge],
    ['mode', network.mode],
    ...overlayRows(network.overlay),
    ...(network.overlay !== null && network.vlan === null
      ? []
      : [['VLAN', network.vlan === null ? 'untagged' : String(network.vlan)]]),
    ...(network.tenant === null ? [] : [['tenant', network.tenant]]),
    ...(network.vrf === null ? [] : [['VRF', network.vrf]]),
    ...(network.uplink === null ? [] : [['uplink', network.uplink]]),
    ...(network.vxlan === null ? [] : [['VXLAN', String(network.vxlan.key)]]),
    ...tunnels.map((one) => ['tunnel', `to ${one.remote}: ${one.state === 'ok' ? counted(one) : one.reason}`]),
    ...(network.mirror === null
      ? []
      : [['mirror', `${[network.mirror.ports].flat().join(', ')} to ${network.mirror.dest}`]]),
    [
      'addresses',
      network.subnets.length === 0 && network.addressesFrom === 'docker'
        ? ADDRESSES['inside']
        : ADDRESSES[
            network.owner === 'plugin' && network.addressesFrom === 'docker' ? network.owner : network.addressesFrom
          ],
    ],
    ...(network.mtu === null ? [] : [['MTU', String(network.mtu)]]),
    ...network.subnets.flatMap(({ subnet, gateway, range, aux }) => [
      ['subnet', subnet],
      ...(gateway === null ? [] : [['gateway', gateway]]),
      ...(range === subnet ? [] : [['given out', range]]),
      ...aux.map(({ name, address }) => ['kept', name === '' ? address : `${address} (${name})`]),
    ]),
  ]
  for (const { to, via } of network.routes) rows.push(['route', via === null ? to : `${to} by ${via}`])
  const width = Math.max(...rows.map(([key = '']) => key.length))
  const settings = rows.map(([key = '', value = '']) => `  ${key.padEnd(width)}  ${value}`)
  const attached =
    attachments.length + keptFor.length === 0
      ? 'Nothing is attached to it.'
      : table(
          ['CONTAINER', 'ID', 'INTERFACE', 'ADDRESSES', 'PORT', 'STATE'],
          [
            ...attachments.map((one) => [...cells(one), one.port, one.state]),
            ...keptFor.map((one) => [...cells(one), '-', 'kept for it']),
          ],
          bold,
        )
  const published = attachments.flatMap(({ container, publishedPorts }) =>
    publishedPorts.length === 0 ? [] : [`  published of ${container}: ${publishedPorts.map(describePort).join(', ')}`],
  )
  const waits = tellPending(network.network, pending)
  const incomplete = missing.map((words) => yellow(`  missing: ${words}`))
  const notes = [...incomplete, ...(waits === undefined ? [] : [yellow(`  ${waits}`)])]
  return [bold(titled(network)), ...settings, ...notes, '', attached, ...published].join('\n')
}
