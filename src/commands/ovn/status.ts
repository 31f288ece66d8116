import { BaseCommand } from '../../base-command.ts'
import type { Member } from '../../lib/ovn/member.ts'
import { ovnStatus, problemsOf, type OvnStatus } from '../../lib/ovn/status.ts'
import { problemsHere } from '../../lib/plan/ovn/problems-here.ts'
import { painter, type Painter } from '../../lib/ui/colour.ts'
import { plainLine } from '../../lib/ui/plain-text.ts'
import { table } from '../../lib/ui/table.ts'

/** Names of ports that are down, on the screen; --json has all of them. */
const SOME = 5

export default class OvnStatusCommand extends BaseCommand {
  static override summary = 'Show how OVN is, as this host sees it'
  static override description = `Central, its databases and ovn-northd; the chassis, this host's tunnels to them, and how many logical ports are up. It changes nothing. The exit status is 1 when something is wrong; what, and what to do, is said last.`
  static override examples = ['<%= config.bin %> ovn status', '<%= config.bin %> ovn status --json']

  async run(): Promise<object> {
    const { flags } = await this.parse(OvnStatusCommand)
    const { status, problems } = await this.look(flags, async (host) => {
      const found = await ovnStatus(host)
      return { status: found, problems: [...problemsOf(found), ...(await problemsHere(host, found))] }
    })
    if (problems.length > 0) process.exitCode = 1
    if (!flags.quiet) this.log(render(status, problems))
    return asJson(status, problems)
  }
}

const SOURCES = {
  environment: 'OVN_NB_DB and OVN_SB_DB',
  open_vswitch: 'external_ids of Open_vSwitch',
  sockets: 'its sockets on this host',
} as const

function render(status: OvnStatus, problems: readonly string[]): string {
  const paint = painter(process.stdout)
  const parts = [about(status, paint), chassisTable(status, paint), tunnelTable(status, paint)]
  const last =
    problems.length === 0
      ? paint.green('All is well.')
      : problems.map((one) => `${paint.red('!')} ${plainLine(one)}`).join('\n')
  return [...parts.filter((part) => part !== ''), last].join('\n\n')
}

function about({ central, databases, cloud, controller, local }: OvnStatus, paint: Painter): string {
  const lines: [string, string][] = [
    ['central', `named by ${SOURCES[central.source]}`],
    ['northbound', servers(databases.northbound.members)],
    ['southbound', servers(databases.southbound.members)],
    ['northd', northd(cloud)],
    ['controller', `${controller.state}${controller.version === '' ? '' : ` ${controller.version}`}`],
    ['this host', local.systemId === '' ? 'no chassis yet' : local.systemId],
    ['ports', ports(cloud)],
  ]
  return lines.map(([name, value]) => `${paint.bold(name.padEnd(11))} ${plainLine(value)}`).join('\n')
}

const servers = (members: readonly Member[]): string =>
  members
    .map(({ endpoint, state, why }) => `${endpoint.text} ${STATES[state]}${why === '' ? '' : ` (${why})`}`)
    .join(', ')

const STATES: Readonly<Record<Member['state'], string>> = {
  alone: 'answers',
  leader: 'leads',
  follower: 'follows',
  'cut-off': 'is cut off',
  unreachable: 'does not answer',
}

function northd(cloud: OvnStatus['cloud']): string {
  if (cloud === undefined) return 'unknown'
  if (!cloud.isNorthdAtWork) return 'not at work'
  return `${cloud.northdVersion} at work, ${cloud.sbCfg < cloud.nbCfg ? `${String(cloud.nbCfg - cloud.sbCfg)} changes behind` : 'nothing waits for it'}`
}

function ports(cloud: OvnStatus['cloud']): string {
  if (cloud === undefined) return 'unknown'
  const { up, down, downNames } = cloud.ports
  const more = down > SOME ? ' …' : ''
  return `${String(up)} up, ${String(down)} down${down === 0 ? '' : ` (${downNames.slice(0, SOME).join(' ')}${more})`}`
}

function chassisTable({ cloud, local }: OvnStatus, paint: Painter): string {
  if (cloud === undefined || cloud.chassis.length === 0) return ''
  const lines = cloud.chassis.map(({ name, hostname, encaps, nbCfgAt, bridgeMappings }) => [
    name === local.systemId ? `${name} (this host)` : name,
    hostname,
    encaps.map(({ type, ip }) => `${type} ${ip}`).join(', '),
    bridgeMappings || '-',
    nbCfgAt === 0 ? '-' : ago(nbCfgAt),
  ])
  return table(['CHASSIS', 'HOST NAME', 'ENCAPSULATION', 'BRIDGE MAPPINGS', 'LAST SEEN'], lines, paint.bold)
}

function tunnelTable({ tunnels, cloud }: OvnStatus, paint: Painter): string {
  if (tunnels.length === 0) return ''
  const hostnameOf = new Map(cloud?.chassis.map(({ name, hostname }) => [name, hostname]))
  const lines = tunnels.map(({ port, type, remoteIp, chassis, isUp, bfd }) => [
    ...[port, type, remoteIp, hostnameOf.get(chassis) ?? chassis],
    `${isUp ? 'up' : 'down'}${bfd === '' ? '' : ` (BFD ${bfd})`}`,
  ])
  return table(['TUNNEL', 'TYPE', 'REMOTE', 'TO', 'STATE'], lines, paint.bold)
}

/** When something was, in words for a screen. */
function ago(at: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1000))
  if (seconds < 120) return `${String(seconds)} s ago`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${String(minutes)} min ago` : `${String(Math.round(minutes / 60))} h ago`
}

/** The same with stable keys. */
function asJson(
  { central, databases, cloud, controller, local, tunnels }: OvnStatus,
  problems: readonly string[],
): object {
  const databaseJson = ({ remotes, answers, members }: OvnStatus['databases']['northbound']): object => ({
    ...{ remotes, answers },
    members: members.map(({ endpoint, state, why, cluster, server }) => ({
      ...{ remote: endpoint.text, state, why: why || null, cluster: cluster || null, server: server || null },
    })),
  })
  return {
    central: {
      source: central.source,
      northbound: databaseJson(databases.northbound),
      southbound: databaseJson(databases.southbound),
    },
    northd:
      cloud === undefined
        ? null
        : {
            ...{ atWork: cloud.isNorthdAtWork, version: cloud.northdVersion || null },
            ...{ nbCfg: cloud.nbCfg, sbCfg: cloud.sbCfg },
          },
    controller: {
      ...{ state: controller.state, version: controller.version || null, connected: controller.isConnected },
    },
    systemId: local.systemId || null,
    chassis:
      cloud?.chassis.map(({ name, hostname, encaps, nbCfgAt, nbCfg, bridgeMappings }) => ({
        ...{ name, hostname, thisHost: name === local.systemId, encaps, bridgeMappings },
        ...{ nbCfg: nbCfg ?? null, lastSeen: nbCfgAt === 0 ? null : new Date(nbCfgAt).toISOString() },
      })) ?? null,
    tunnels: tunnels.map(({ port, type, remoteIp, chassis, isUp, bfd }) => ({
      ...{ port, type, remoteIp, chassis, up: isUp, bfd: bfd || null },
    })),
    ports:
      cloud === undefined ? null : { up: cloud.ports.up, down: cloud.ports.down, downNames: cloud.ports.downNames },
    problems,
  }
}
