import { BaseCommand } from '../../base-command.ts'
import { describePort } from '../../lib/attach/published-ports.ts'
import { shortId } from '../../lib/docker/container.ts'
import { parseSocket, SOCKET } from '../../lib/plugin/socket.ts'
import { askState, socketsOf } from '../../lib/plugin/state-ask.ts'
import { stateWithout, type DriverState, type PluginState } from '../../lib/plugin/state.ts'
import { painter, type Painter } from '../../lib/ui/colour.ts'
import { plainLine } from '../../lib/ui/plain-text.ts'
import { table } from '../../lib/ui/table.ts'
import { Flags } from '../../oclif.ts'

export default class PluginStateCommand extends BaseCommand {
  static override summary = "Show the driver's whole state: calls, networks of Docker, endpoints, pools"
  static override description = `Asks the running driver over its own socket: its version, process and calls, those that are at work now among them, the networks that Docker has made, what containers have in them and what is published of it, and the pools of addresses that Docker has from it. Networks, endpoints and their pools are recorded in the Open vSwitch database: without a driver they are read there. It changes nothing. The exit status is 1 when something is wrong; what, and what to do, is said last.`
  static override examples = ['<%= config.bin %> plugin state', '<%= config.bin %> plugin state --json']
  static override flags = {
    socket: Flags.string({
      description: `Where the driver is asked (default: ${SOCKET}, or that of a plugin which Docker manages)`,
      helpValue: 'PATH',
      env: 'OVSD_PLUGIN_SOCKET',
    }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(PluginStateCommand)
    const { path = SOCKET } = parseSocket(flags.socket ?? SOCKET)
    const state = await this.look(flags, async (host) => {
      const asked = await askState(socketsOf(path, flags.socket !== undefined))
      return 'state' in asked ? asked.state : await stateWithout(host, asked.why)
    })
    if (state.problems.length > 0) process.exitCode = 1
    if (!flags.quiet) this.log(render(state))
    return state
  }
}

function render({ driver, networks, endpoints, pools, problems }: PluginState): string {
  const paint = painter(process.stdout)
  const parts = [
    driver === null ? '' : about(driver, paint),
    networks === null ? '' : networkTable(networks, paint),
    endpoints === null ? '' : endpointTable(endpoints, paint),
    pools === null ? '' : poolTable(pools, paint),
    driver === null ? '' : callTable(driver, paint),
    driver === null ? '' : flightTable(driver, paint),
    problems.map((one) => `${paint.red('!')} ${plainLine(one)}`).join('\n'),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function about({ version, pid, uptimeSeconds, calls, inFlight }: DriverState, paint: Painter): string {
  const count = calls.reduce((sum, one) => sum + one.count, 0)
  const failed = calls.reduce((sum, one) => sum + one.failed, 0)
  const lines = [
    ['driver', `ovsd ${version}, process ${String(pid)}, since ${lasting(uptimeSeconds)}`],
    ['calls', `${String(count)}, of which ${String(failed)} failed; ${String(inFlight.length)} at work now`],
  ] as const
  return lines.map(([name, value]) => `${paint.bold(name.padEnd(6))} ${plainLine(value)}`).join('\n')
}

function networkTable(networks: NonNullable<PluginState['networks']>, paint: Painter): string {
  if (networks.length === 0) return 'Docker has no network of the driver.'
  return table(
    ['NETWORK', 'NAME', 'MODE', 'BRIDGE', 'VLAN', 'TENANT', 'SUBNETS', 'GATEWAY', 'MTU', 'ENDPOINTS'],
    networks.map((one) => {
      const title = one.title === null ? '-' : plainLine(one.title)
      const last = String(one.endpoints)
      if ('problem' in one) return [plainLine(one.network), title, '-', one.bridge, '-', '-', '-', '-', '-', last]
      const { network, mode, bridge, vlan, tenant, subnets, mtu } = one
      return [
        ...[network, title, mode, bridge, vlan === null ? '-' : String(vlan), tenant ?? '-'],
        subnets.map(({ subnet }) => subnet).join(', ') || '-',
        subnets.flatMap(({ gateway }) => gateway ?? []).join(', ') || '-',
        ...[mtu === null ? '-' : String(mtu), last],
      ]
    }),
    paint.bold,
  )
}

function endpointTable(endpoints: NonNullable<PluginState['endpoints']>, paint: Painter): string {
  if (endpoints.length === 0) return 'No container is in one.'
  return table(
    [
      'ENDPOINT',
      'NETWORK',
      'CONTAINER',
      'ID',
      'INTERFACE',
      'ADDRESSES',
      'MAC',
      'PORT',
      'FAR LINK',
      'STATE',
      'PUBLISHED',
    ],
    endpoints.map((one) => [
      ...[shortId(one.endpoint), plainLine(one.title ?? one.network)],
      ...[plainLine(one.container ?? '-'), one.containerId === null ? '-' : shortId(one.containerId)],
      ...[one.interface ?? '-', one.addresses.join(', ') || '-', one.mac, one.port, one.farLink, one.state ?? '-'],
      one.publishedPorts.map(describePort).join(', ') || '-',
    ]),
    paint.bold,
  )
}

function poolTable(pools: NonNullable<PluginState['pools']>, paint: Painter): string {
  if (pools.length === 0) return ''
  return table(
    ['POOL', 'RANGE', 'NETWORK', 'HELD'],
    pools.map(({ subnet, range, network, held }) => [
      ...[
        plainLine(subnet),
        plainLine(range),
        plainLine(network ?? '-'),
        held === null || held.length === 0 ? '-' : held.join(', '),
      ],
    ]),
    paint.bold,
  )
}

function callTable({ calls }: DriverState, paint: Painter): string {
  if (calls.length === 0) return 'Docker has not called it yet.'
  return table(
    ['CALL', 'COUNT', 'FAILED', 'LAST', 'SLOWEST', 'LAST AT'],
    calls.map(({ method, count, failed, lastMs, slowestMs, lastAt }) => [
      ...[plainLine(method), String(count), String(failed), `${String(lastMs)} ms`, `${String(slowestMs)} ms`, lastAt],
    ]),
    paint.bold,
  )
}

function flightTable({ inFlight }: DriverState, paint: Painter): string {
  if (inFlight.length === 0) return ''
  return table(
    ['AT WORK', 'NETWORK', 'ENDPOINT', 'FOR'],
    inFlight.map(({ method, network, endpoint, ms }) => [
      ...[plainLine(method), network ?? '-', endpoint ?? '-', `${String(ms)} ms`],
    ]),
    paint.bold,
  )
}

/** How long something lasts, in words for a screen. */
function lasting(seconds: number): string {
  if (seconds < 120) return `${String(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`
}
