import { BaseCommand } from '../base-command.ts'
import { ownPlaces } from '../own-places.ts'
import { Patient } from '../lib/doctor/patient.ts'
import { containerEnd, endOf } from '../lib/path/ends.ts'
import { followPath, tracesOf } from '../lib/path/follow.ts'
import { parseTraffic } from '../lib/path/question.ts'
import type { Place, Verdict } from '../lib/path/verdict.ts'
import { painter, type Painter } from '../lib/ui/colour.ts'
import { plainLine, plainText } from '../lib/ui/plain-text.ts'
import { Args } from '../oclif.ts'

export default class Path extends BaseCommand {
  static override summary = 'Say whether packets get from one container to another, and what keeps them'
  static override description = `Sends a packet from inside A to B, and says in one sentence whether it got there. When no answer comes it goes along the way, and names what keeps it: an interface that is down, another VLAN, a flow that drops, no route, a checksum, a neighbour that is silent, a service that is not there; out of a nat network what this host lacks as a router; on OVN an ACL, port security, a router, a logical port that no host has, a tunnel. B may be an address. With --verbose it also shows what the bridges and OVN say of the packet. It changes nothing. When a small packet gets there it sends one as large as the interface takes, and names what has no room for that. The exit status is 1 when packets do not get there, or are refused.`
  static override examples = [
    '<%= config.bin %> path web db',
    '<%= config.bin %> path web db tcp/5432',
    '<%= config.bin %> path web 10.0.0.9 udp/53 --json',
  ]
  static override args = {
    a: Args.string({ name: 'A', description: 'container that sends', required: true }),
    b: Args.string({ name: 'B', description: 'container or address that is to be reached', required: true }),
    traffic: Args.string({ description: 'icmp, tcp/PORT or udp/PORT', default: 'icmp' }),
  }
  static override live = { a: 'container', b: 'container' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Path)
    const traffic = parseTraffic(args.traffic)
    const verdict = await this.look(flags, async (host) => {
      const patient = new Patient(host, ownPlaces({}))
      const [a, b] = await Promise.all([containerEnd(patient, args.a, 'A'), endOf(patient, args.b, 'B')])
      const found = await followPath(patient, a, b, traffic)
      const isTraced = found.traces.length > 0 || !flags.verbose
      return isTraced ? found : { ...found, traces: await tracesOf(patient, a, b, traffic) }
    })
    if (verdict.arrives !== true || verdict.cause !== null) process.exitCode = 1
    if (!flags.quiet) this.log(render(verdict, painter(process.stdout), flags.verbose))
    return verdict
  }
}

function render(
  { said, arrives, cause, from, to, fix, traces }: Verdict,
  paint: Painter,
  wantsTraces: boolean,
): string {
  const sign =
    arrives === true && cause === null ? paint.green('✓') : arrives === null ? paint.yellow('?') : paint.red('✗')
  return [
    `${sign} ${paint.bold(plainLine(said))}`,
    ...[from, to].flatMap((place) => (place === null ? [] : [`    ${plainLine(inWords(place))}`])),
    ...(fix.length === 0 ? [] : ['  To go on:', ...fix.map((line) => `    ${plainLine(line)}`)]),
    ...(wantsTraces ? traces.map((text) => `\n${plainText(text)}`) : []),
  ].join('\n')
}

const inWords = ({ name, interface: iface, address, bridge, vlan }: Place): string =>
  [
    `${name}: ${address}`,
    ...(iface === null ? [] : [`on ${iface}`]),
    ...(bridge === null ? [] : [`of ${bridge}`]),
    ...(vlan === null || vlan === '-' || vlan === '0' ? [] : [`VLAN ${vlan}`]),
  ].join(' ')
