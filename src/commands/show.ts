import { BaseCommand } from '../base-command.ts'
import { inventory, type Inventoried } from '../lib/attach/inventory.ts'
import { shortId } from '../lib/docker/container.ts'
import { describeVlan } from '../lib/net/vlan.ts'
import type { PortOnBridge } from '../lib/ovs/reader.ts'
import { painter } from '../lib/ui/colour.ts'
import { tree, type Branch } from '../lib/ui/tree.ts'
import { Flags } from '../oclif.ts'

/** One bridge, as `show --json` gives it. */
interface Shown {
  readonly bridge: string
  readonly datapath: string
  readonly ports: readonly { readonly port: string; readonly vlan: string; readonly attachment: Inventoried | null }[]
}

export default class Show extends BaseCommand {
  static override summary = 'Show bridges, their ports and the containers behind them as a tree'
  static override examples = ['<%= config.bin %> show', '<%= config.bin %> show --bridge=br0']
  static override flags = { bridge: Flags.string({ description: 'Only this bridge', helpValue: 'BRIDGE' }) }

  async run(): Promise<object> {
    const { flags } = await this.parse(Show)
    const [ports, attachments] = await this.look(flags, (host) => Promise.all([host.ovs.everything(), inventory(host)]))
    const bridges = group(ports, attachments).filter(
      ({ bridge }) => flags.bridge === undefined || bridge === flags.bridge,
    )
    const paint = painter(process.stdout)
    if (!flags.quiet)
      this.log(
        bridges.length === 0
          ? flags.bridge === undefined
            ? 'There is no bridge.'
            : `There is no bridge ${flags.bridge}.`
          : tree(
              bridges.map((one) => branch(one, paint.bold)),
              (line) => paint.dim(line),
            ),
      )
    return { bridges }
  }
}

function group(ports: readonly PortOnBridge[], attachments: readonly Inventoried[]): readonly Shown[] {
  const attachmentOf = new Map(attachments.map((one) => [one.port, one]))
  const names = [...new Set(ports.map(({ bridge }) => bridge.name))].sort()
  return names.map((name) => {
    const own = ports.filter(({ bridge, port }) => bridge.name === name && port.name !== name)
    return {
      bridge: name,
      datapath: ports.find(({ bridge }) => bridge.name === name)?.bridge.datapathType ?? 'system',
      ports: [...new Map(own.map(({ port }) => [port.name, port])).values()].map(({ name: port, vlan }) => ({
        port,
        vlan: describeVlan(vlan),
        attachment: attachmentOf.get(port) ?? null,
      })),
    }
  })
}

function branch({ bridge, datapath, ports }: Shown, bold: (text: string) => string): Branch {
  return {
    text: `${bridge} (${datapath})`,
    paint: (text) => text.replace(/^\S+/, (name) => bold(name)),
    below: ports.map(({ port, vlan, attachment }) => ({
      text: `${port}${vlan === '-' ? '' : vlan === '0' ? '  untagged' : `  VLAN ${vlan}`}`,
      below: attachment === null ? [] : [{ text: container(attachment), below: [] }],
    })),
  }
}

function container({ container: name, containerId, interface: iface, addresses, state, reason }: Inventoried): string {
  const id = shortId(containerId)
  const who = name === id || id === '' ? name : `${name} (${id})`
  return [who, iface, ...addresses, ...(state === 'ok' ? [] : [`${state}${reason === '' ? '' : `: ${reason}`}`])].join(
    '  ',
  )
}
