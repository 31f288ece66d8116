import { BaseCommand } from '../base-command.ts'
import { shortId } from '../lib/docker/container.ts'
import { describePort } from '../lib/attach/published-ports.ts'
import { titledAttachments, type TitledAttachment } from '../lib/network/titled-attachments.ts'
import { painter } from '../lib/ui/colour.ts'
import { plainLine } from '../lib/ui/plain-text.ts'
import { table } from '../lib/ui/table.ts'
import { Flags } from '../oclif.ts'

export default class List extends BaseCommand {
  static override summary = 'List all attachments of containers, and whether each is as it should be'
  static override description = `Looks at Open vSwitch, at the Docker engine, and into the containers. States: ok; incomplete (something inside is missing or different); stale (container or link gone: see gc); foreign (a port of another tool that names no container); unknown (no engine to ask).`
  static override examples = [
    '<%= config.bin %> list',
    '<%= config.bin %> list --bridge=br0 --json',
    '<%= config.bin %> list --state=stale',
  ]
  static override flags = {
    bridge: Flags.string({ description: 'Only this bridge', helpValue: 'BRIDGE' }),
    container: Flags.string({
      description: 'Only this container: name, id, or beginning of the id',
      helpValue: 'CONTAINER',
    }),
    owner: Flags.string({ description: 'Only ports of this owner, e.g. cli, watch, ovs-docker', helpValue: 'OWNER' }),
    state: Flags.string({
      description: 'Only ports in this state',
      options: ['ok', 'incomplete', 'stale', 'foreign', 'unknown'],
    }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(List)
    const { bridge, container, owner, state } = flags
    const attachments = (await this.look(flags, titledAttachments)).filter(
      (one) =>
        (bridge === undefined || one.bridge === bridge) &&
        (container === undefined ||
          one.container === container ||
          (container !== '' && one.containerId.startsWith(container))) &&
        (owner === undefined || one.owner === owner || one.owner === `ovsd ${owner}`) &&
        (state === undefined || one.state === state),
    )
    const filtered = [bridge, container, owner, state].some((filter) => filter !== undefined)
    const none = filtered ? 'Nothing that is attached matches.' : 'Nothing is attached.'
    if (!flags.quiet) this.log(attachments.length === 0 ? none : render(attachments))
    return { attachments }
  }
}

function render(attachments: readonly TitledAttachment[]): string {
  const paint = painter(process.stdout)
  const colour = {
    ok: paint.green,
    incomplete: paint.yellow,
    stale: paint.red,
    foreign: paint.dim,
    unknown: paint.yellow,
  }
  const withNetwork = attachments.some(({ network }) => network !== '')
  const withPorts = attachments.some(({ publishedPorts }) => publishedPorts.length > 0)
  const head = [
    'BRIDGE',
    'PORT',
    'CONTAINER',
    'ID',
    'INTERFACE',
    'ADDRESSES',
    'MAC',
    'VLAN',
    'MTU',
    ...(withNetwork ? ['NETWORK'] : []),
    ...(withPorts ? ['PUBLISHED'] : []),
    'OWNER',
    'STATE',
  ]
  const rows = attachments.map((one) => [
    one.bridge,
    one.port,
    one.container,
    shortId(one.containerId),
    one.interface,
    one.addresses.join(', ') || '-',
    one.mac || '-',
    one.vlan === '0' ? 'untagged' : one.vlan,
    one.mtu === null ? '-' : String(one.mtu),
    ...(withNetwork ? [plainLine(one.networkTitle) || one.network || '-'] : []),
    ...(withPorts ? [one.publishedPorts.map(describePort).join(', ') || '-'] : []),
    one.owner,
    one.reason === '' ? one.state : `${one.state}: ${one.reason}`,
  ])
  const last = head.length - 1
  return table(head, rows, paint.bold, (cell, column, row) => {
    const state = attachments[row]?.state
    return column === last && state !== undefined ? colour[state](cell) : cell
  })
}
