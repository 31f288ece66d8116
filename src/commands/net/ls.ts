import { BaseCommand } from '../../base-command.ts'
import { describeNetwork, type NetworkResult } from '../../lib/network/describe.ts'
import { networksOf, portsOfNetwork } from '../../lib/network/networks.ts'
import { describePending, readPending, tellPending, type PendingResult } from '../../lib/network/pending.ts'
import { painter } from '../../lib/ui/colour.ts'
import { plainLine } from '../../lib/ui/plain-text.ts'
import { table } from '../../lib/ui/table.ts'

/** A line of net ls; `problem` when its record cannot be used. */
type Listed =
  | (NetworkResult & { readonly ports: number; readonly pending: PendingResult | null; readonly title: string | null })
  | { readonly network: string; readonly bridge: string; readonly problem: string }

export default class ListNetworks extends BaseCommand {
  static override summary = 'List the networks of this host'
  static override examples = ['<%= config.bin %> net ls', '<%= config.bin %> net ls --json']

  async run(): Promise<object> {
    const { flags } = await this.parse(ListNetworks)
    const networks = await this.look(flags, async (host): Promise<readonly Listed[]> => {
      const [found, rows] = await Promise.all([networksOf(host), host.ovs.bridges()])
      const pendingOf = (bridge: string, name: string, id: string | undefined): PendingResult | null => {
        const row = rows.find((one) => one.name === bridge)
        return describePending(readPending(row?.externalIds ?? {}, name, id))
      }
      return await Promise.all(
        found.map(async (one) =>
          'spec' in one
            ? {
                ...describeNetwork(one.spec),
                ports: (await portsOfNetwork(host, one)).length,
                pending: pendingOf(one.bridge, one.name, one.spec.id),
                title: one.title ?? null,
              }
            : { network: one.name, bridge: one.bridge, problem: one.problem },
        ),
      )
    })
    if (!flags.quiet) this.log(networks.length === 0 ? 'There is no network.' : render(networks))
    return { networks }
  }
}

function render(networks: readonly Listed[]): string {
  const paint = painter(process.stdout)
  const waiting = networks.flatMap((one) => {
    const words = 'problem' in one ? undefined : tellPending(one.network, one.pending)
    return words === undefined ? [] : [paint.yellow(`${one.network}: ${words}`)]
  })
  const rows = table(
    ['NETWORK', 'MODE', 'BRIDGE', 'VLAN', 'TENANT', 'SUBNETS', 'GATEWAY', 'MTU', 'PORTS'],
    networks.map((one) => {
      if ('problem' in one) return [plainLine(one.network), '-', one.bridge, plainLine(one.problem), '', '', '', '', '']
      const { network, title, mode, bridge, vlan, tenant, subnets, mtu, ports } = one
      return [
        ...[
          title === null ? network : `${network} (${plainLine(title)})`,
          mode,
          bridge,
          vlan === null ? '-' : String(vlan),
          tenant ?? '-',
        ],
        ...[subnets.map(({ subnet }) => subnet).join(', ') || '-'],
        subnets.flatMap(({ gateway }) => gateway ?? []).join(', ') || '-',
        ...[mtu === null ? '-' : String(mtu), String(ports)],
      ]
    }),
    paint.bold,
  )
  return [rows, ...waiting].join('\n')
}
