// Everything that `ovsd ovn status` tells, as it is found at one moment.
import type { Host } from '../host.ts'
import type { RawRow } from '../ovsdb/client.ts'
import { mapOf, optional } from '../ovsdb/values.ts'
import { madeCentral } from './central-record.ts'
import { centralOf, noCentral, type Central } from './central.ts'
import { CHASSIS_QUESTIONS, chassisOf, type ChassisRow } from './chassis-rows.ts'
import { askController, type Controller } from './controller.ts'
import { OvnDatabase } from './database.ts'
import { readLocal, type LocalOvn } from './local.ts'
import { takesChanges, type Member } from './member.ts'
import { northdWorks } from './northd.ts'
import { SIDES, type Remotes, type Side } from './remotes.ts'
import { ovnTunnels, type OvnTunnel } from './tunnels.ts'

/** One of the two databases, and its servers. */
export interface DatabaseStatus {
  readonly remotes: string
  readonly members: readonly Member[]
  /** Whether it takes changes. */
  readonly answers: boolean
}

/** Logical ports of containers and machines. */
export interface PortCounts {
  readonly up: number
  readonly down: number
  /** Names of some that are down. */
  readonly downNames: readonly string[]
}

/** What the two databases hold; undefined parts could not be asked for. */
export interface CloudStatus {
  readonly isNorthdAtWork: boolean
  readonly northdVersion: string
  /** The last change that was numbered, and how far northd and the hosts have come. */
  readonly nbCfg: number
  readonly sbCfg: number
  readonly chassis: readonly ChassisRow[]
  readonly ports: PortCounts
}

export interface OvnStatus {
  readonly local: LocalOvn
  readonly central: Central
  readonly databases: Readonly<Record<Side, DatabaseStatus>>
  readonly controller: Controller
  readonly tunnels: readonly OvnTunnel[]
  /** Undefined when the databases do not answer. */
  readonly cloud: CloudStatus | undefined
}

/** Looks at OVN from this host, everything side by side. Errors: CentralUnknown, DatabaseUnreachable (of Open vSwitch). */
export async function ovnStatus(host: Host): Promise<OvnStatus> {
  const local = await readLocal(host)
  const central = centralOf(local)
  if (central === undefined) throw noCentral()
  const [northbound, southbound, controller, tunnels] = await Promise.all([
    databaseStatus('northbound', central.northbound),
    databaseStatus('southbound', central.southbound),
    askController(host),
    ovnTunnels(host),
  ])
  const databases = { northbound, southbound }
  const cloud = northbound.answers && southbound.answers ? await cloudStatus(central, southbound) : undefined
  return { local, central, databases, controller, tunnels, cloud }
}

async function databaseStatus(side: Side, remotes: Remotes): Promise<DatabaseStatus> {
  using database = new OvnDatabase(side, remotes)
  const members = await database.members()
  return { remotes: remotes.text, members, answers: members.some(takesChanges) }
}

async function cloudStatus(central: Central, southbound: DatabaseStatus): Promise<CloudStatus> {
  using north = new OvnDatabase('northbound', central.northbound)
  using south = new OvnDatabase('southbound', central.southbound)
  const leader = southbound.members.find(takesChanges)
  const [[[nb] = [], down = [], up = []], [[sb] = [], ...chassis], isNorthdAtWork] = await Promise.all([
    north.select([
      { table: 'NB_Global', where: [], columns: ['nb_cfg', 'options'] },
      { table: 'Logical_Switch_Port', where: [CONTAINER, ['up', '==', false]], columns: ['name'] },
      { table: 'Logical_Switch_Port', where: [CONTAINER, ['up', '==', true]], columns: ['_uuid'] },
    ]),
    south.select([{ table: 'SB_Global', where: [], columns: ['nb_cfg', 'options'] }, ...CHASSIS_QUESTIONS]),
    leader === undefined ? false : northdWorks(leader.endpoint),
  ])
  return {
    isNorthdAtWork,
    northdVersion: /^[0-9.]+/.exec(mapOf(sb?.['options'])['northd_internal_version'] ?? '')?.[0] ?? '',
    nbCfg: numberIn(nb, 'nb_cfg'),
    sbCfg: numberIn(sb, 'nb_cfg'),
    chassis: chassisOf(chassis),
    ports: { up: up.length, down: down.length, downNames: down.map(nameOf).sort() },
  }
}

/** Ports without a type are those of containers and machines; the others are up by themselves (ovn-nb(5)). */
const CONTAINER = ['type', '==', '']

const nameOf = ({ name }: RawRow): string => (typeof name === 'string' ? name : '')

const numberIn = (row: RawRow | undefined, column: string): number => Number(optional(row?.[column]) ?? 0)

/** What is wrong, each in a sentence that ends with what to type. */
export function problemsOf({ local, databases, controller, cloud, tunnels }: OvnStatus): readonly string[] {
  const unreachable = (['northbound', 'southbound'] as const).flatMap((side) => {
    const { answers, members, remotes } = databases[side]
    if (answers) return members.flatMap((one) => memberProblem(side, one))
    const why = members.map(({ why, state }) => why || state).join('; ')
    return [`The ${side} database does not answer at ${remotes} (${why}). ${wayOut(local, why)}`]
  })
  return [
    ...unreachable,
    ...(cloud === undefined ? [] : cloudProblems(cloud, local, controller)),
    ...controllerProblems(controller),
    ...tunnels.flatMap((one) => tunnelProblem(one)),
  ]
}

const memberProblem = (side: Side, { endpoint, state, why }: Member): string[] =>
  state === 'unreachable' || state === 'cut-off'
    ? [
        `A member of the ${side} database is missing: ${endpoint.text} (${why}). Look at it there: ovn-appctl -t ${SIDES[side].socket.replace('db.sock', 'db.ctl')} cluster/status ${SIDES[side].database}`,
      ]
    : []

function controllerProblems({ state, isConnected }: Controller): string[] {
  switch (state) {
    case 'not installed':
      return ['ovn-controller is not installed on this host. Install it: apt-get install ovn-host']
    case 'stopped':
      return ['ovn-controller does not run on this host. Start it: systemctl start ovn-controller']
    case 'running':
      return isConnected
        ? []
        : ['ovn-controller has no connection to the southbound database. See why: tail /var/log/ovn/ovn-controller.log']
  }
}

function wayOut(local: LocalOvn, why: string): string {
  if (local.tls !== undefined && /certificate|unknown ca/i.test(why))
    return `Look at the certificates: openssl x509 -noout -subject -dates -in ${local.tls.certificate}`
  return madeCentral(local) === undefined ? 'Start it where central is' : 'Start it: ovsd ovn bootstrap'
}

function cloudProblems(cloud: CloudStatus, { systemId }: LocalOvn, controller: Controller): string[] {
  const { isNorthdAtWork, nbCfg, sbCfg, chassis, northdVersion } = cloud
  const here = chassis.find(({ name }) => name === systemId)
  const isSkewed = controller.version !== '' && northdVersion !== '' && controller.version !== northdVersion
  return [
    ...(isNorthdAtWork
      ? []
      : [
          'No ovn-northd is at work. Start it where central is: systemctl start ovn-northd; in a container: docker restart ovn-central',
        ]),
    ...(isNorthdAtWork && sbCfg < nbCfg
      ? [`ovn-northd is behind: ${String(sbCfg)} of ${String(nbCfg)} changes. Look again in a moment: ovsd ovn status`]
      : []),
    ...(here === undefined ? ['This host is not registered as a chassis. Register it: ovsd ovn join'] : []),
    ...(isSkewed
      ? [
          `ovn-controller is ${controller.version} and ovn-northd ${northdVersion}. Upgrade the older one; hosts come first (ovn-upgrades)`,
        ]
      : []),
  ]
}

const tunnelProblem = ({ port, remoteIp, isUp, bfd }: OvnTunnel): string[] =>
  isUp && bfd !== 'down' ? [] : [`The tunnel ${port} to ${remoteIp} is down. See why: ovs-vsctl list Interface ${port}`]
