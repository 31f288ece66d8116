import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { BadInput, Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { withMappings } from '../../ovn/bridge-mappings.ts'
import { CHASSIS_QUESTIONS, chassisOf, type ChassisRow } from '../../ovn/chassis-rows.ts'
import {
  CHASSIS_RECORD,
  chassisChange,
  ENCAP_TYPES,
  INTEGRATION_BRIDGE,
  refuseElsewhere,
  type Chassis,
  type EncapType,
} from '../../ovn/chassis.ts'
import { askController } from '../../ovn/controller.ts'
import { OvnDatabase } from '../../ovn/database.ts'
import { chooseEncapIp, refuseForeignAddress } from '../../ovn/encap-ip.ts'
import type { ChassisRequest, Pair } from '../../ovn/join-words.ts'
import type { LocalOvn } from '../../ovn/local.ts'
import { hostsOf } from '../../ovn/remotes.ts'
import { requireTlsFiles, type TlsFiles } from '../../ovn/tls.ts'
import { DATABASE_ID, knownDatabase } from '../../ovn/central-record.ts'
import type { BridgeRow } from '../../ovs/rows.ts'
import { requireTools } from '../../system/runner.ts'
import { detectDatapath, bridgeCreate } from '../steps/bridge-create.ts'
import { chassisSet } from '../steps/chassis-set.ts'
import { chassisWait, isAsWanted } from '../steps/chassis-wait.ts'
import { controllerStart } from '../steps/controller-start.ts'
import type { ReversibleStep, Stages } from '../step.ts'

/** Everything that makes this host a chassis of a central. */
export interface ChassisPlan {
  readonly chassis: Chassis
  /** Empty when nothing is missing. */
  readonly stages: Stages<ReversibleStep>
  readonly bridgeCreated: boolean
  readonly controllerStarted: boolean
  /** Keys of external_ids that are not as they should be. */
  readonly differs: readonly string[]
}

/** Bridges that were made for OVN go with the last of it. */
export const MADE_FOR_OVN = { ovsd_made_for: 'ovn' } as const

export const isMadeForOvn = (bridge: BridgeRow | undefined): boolean =>
  Object.entries(MADE_FOR_OVN).every(([key, value]) => bridge?.externalIds[key] === value)

/**
 * Looks at this host, and at central unless that is still to be made (`isNew`), and plans what is missing. `pairs` go into the same
 * transaction. Errors: ChassisElsewhere, ChassisTaken, EncapTaken, TlsDiffers, BridgeMissing, BadInput, DatabaseUnreachable.
 */
export async function chassisStages(
  host: Host,
  local: LocalOvn,
  central: Pair,
  request: ChassisRequest,
  isNew: boolean,
  pairs: Readonly<Record<string, string>> = {},
): Promise<ChassisPlan> {
  const bridge = await host.ovs.bridge(INTEGRATION_BRIDGE)
  const datapath = await datapathOf(host, bridge)
  const chassis = await chassisOfRequest(host, local, central, request, datapath)
  refuseUnsupported(local)
  refuseElsewhere(local, chassis, knownDatabase(local) !== undefined && knownDatabase(local) === pairs[DATABASE_ID])
  await refuseForeignAddress(host.run, chassis.encapIp)
  if (request.tls !== undefined) requireTlsFiles(request.tls)
  refuseOtherFiles(local, request.tls)
  await refuseMissingBridges(host, request)
  const known = isNew ? [] : await knownChassis(central)
  refuseTaken(local, chassis, known)
  const controller = await askController(host)
  const started = controller.state !== 'running'
  // Before central is made, which may take minutes.
  if (started) requireTools([{ tool: 'ovn-controller', args: [] }])
  const tls = request.tls !== undefined && local.tls === undefined ? request.tls : undefined
  // One that a run made which was killed right after is as good as missing.
  const isNewBridge = bridge === undefined || isMadeForOvn(bridge)
  const change = chassisChange(local, chassis, { started, tls: tls?.certificate ?? '', bridge: isNewBridge })
  const set = { ...change.set, ...differing(local, pairs) }
  const isRegistered = isAsWanted(
    known.find(({ name }) => name === chassis.systemId),
    chassis,
  )
  const isNews = !started && !isNew && !known.some(({ name }) => name === chassis.systemId)
  const registers = isNews ? { central, tls: request.tls ?? local.tls, systemId: chassis.systemId } : undefined
  const isComplete = Object.keys(set).length === 0 && bridge !== undefined && !started && isRegistered
  return {
    ...{ chassis, bridgeCreated: bridge === undefined, controllerStarted: started, differs: change.differs },
    stages: isComplete
      ? []
      : [
          bridge === undefined
            ? [bridgeCreate(host, INTEGRATION_BRIDGE, datapath, MADE_FOR_OVN, ['fail_mode=secure'])]
            : [],
          Object.keys(set).length === 0 ? [] : [chassisSet(host, { before: local.externalIds, set, tls, registers })],
          started ? [controllerStart(host)] : [],
          [chassisWait(host, central, chassis, request.tls ?? local.tls)],
        ].filter((stage) => stage.length > 0),
  }
}

/** An ovn-controller that was there first makes br-int for the kernel's datapath, whether there is one or not. */
async function datapathOf(host: Host, bridge: BridgeRow | undefined): Promise<Chassis['datapath']> {
  const { datapathType } = bridge ?? {}
  const isUsed = datapathType === 'netdev' || (await host.ovs.portsOf(INTEGRATION_BRIDGE)).length > 0
  return isUsed && (datapathType === 'netdev' || datapathType === 'system') ? datapathType : detectDatapath()
}

/** What others have told ovn-controller, and ovsd does not do. Error: ChassisUnsupported. */
function refuseUnsupported({ externalIds }: LocalOvn): void {
  const { 'ovn-bridge': bridge, 'ovn-encap-type': types, 'ovn-encap-ip': ips } = externalIds
  const odd =
    bridge !== undefined && bridge !== INTEGRATION_BRIDGE
      ? `its integration bridge is ${bridge} (ovn-bridge)`
      : types?.split(',').some((type) => !isEncapType(type)) === true
        ? `its tunnels are ${types} (ovn-encap-type)`
        : ips?.includes(',') === true
          ? `its tunnels have several addresses, ${ips} (ovn-encap-ip)`
          : undefined
  if (odd !== undefined)
    throw new Refused('ChassisUnsupported', `OVN is set up on this host in a way that ovsd does not support: ${odd}.`, {
      next: `Look at it: ovs-vsctl get Open_vSwitch . external_ids; ovsd uses ${INTEGRATION_BRIDGE}, ${ENCAP_TYPES.join(' and ')}, and one address`,
    })
}

const differing = (local: LocalOvn, pairs: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(pairs).filter(([key, value]) => local.externalIds[key] !== value))

/** What was asked for, then what the host has, then what is usual. */
async function chassisOfRequest(
  host: Host,
  local: LocalOvn,
  { northbound, southbound }: Pair,
  request: ChassisRequest,
  datapath: Chassis['datapath'],
): Promise<Chassis> {
  const ids = local.externalIds
  return {
    ...{ northbound: northbound.text, southbound: southbound.text, datapath },
    systemId: systemIdOf(local, request),
    encapTypes: request.encapTypes ?? ids['ovn-encap-type']?.split(',').filter(isEncapType) ?? ['geneve'],
    encapIp: request.encapIp ?? ids['ovn-encap-ip'] ?? (await chooseEncapIp(host.run, [...hostsOf(southbound)])),
    bridgeMappings: withMappings(ids['ovn-bridge-mappings'] ?? '', request.bridgeMappings),
  }
}

const isEncapType = (text: string): text is EncapType => (ENCAP_TYPES as readonly string[]).includes(text)

/** Where the scripts of Open vSwitch keep it from one start to the next (ovs-ctl(8), --system-id). */
const SYSTEM_ID_FILE = '/etc/openvswitch/system-id.conf'

/** Error: BadInput, for another name than the one that the host has: a chassis that is renamed cannot register. */
function systemIdOf({ systemId }: LocalOvn, request: ChassisRequest): string {
  if (systemId === '')
    return (
      request.systemId ??
      (existsSync(SYSTEM_ID_FILE) ? readFileSync(SYSTEM_ID_FILE, 'utf8').trim() || undefined : undefined) ??
      randomUUID()
    )
  if (request.systemId === undefined || request.systemId === systemId) return systemId
  throw new BadInput('--system-id', `this host is called ${systemId} already; others may know it by that.`, systemId)
}

function refuseOtherFiles({ tls, externalIds }: LocalOvn, wanted: TlsFiles | undefined): void {
  if (wanted === undefined || tls === undefined) return
  if (tls.privateKey === wanted.privateKey && tls.certificate === wanted.certificate && tls.caCert === wanted.caCert)
    return
  throw new Refused(
    'TlsDiffers',
    `Open vSwitch on this host uses other files for ssl: ${tls.certificate}, signed by ${tls.caCert}.`,
    {
      next:
        externalIds[CHASSIS_RECORD] === undefined
          ? 'Leave out --private-key, --certificate and --ca-cert: then those are used; or change them: ovs-vsctl set-ssl KEY CERTIFICATE CA'
          : 'Leave out --private-key, --certificate and --ca-cert; or leave first: ovsd ovn leave',
    },
  )
}

async function refuseMissingBridges(host: Host, { bridgeMappings }: ChassisRequest): Promise<void> {
  for (const [physnet, bridge] of bridgeMappings)
    if ((await host.ovs.bridge(bridge)) === undefined)
      throw new Refused('BridgeMissing', `${physnet} cannot lead to the bridge ${bridge}: there is none.`, {
        next: `Make it, with the NIC that leads there: ovs-vsctl add-br ${bridge} -- add-port ${bridge} eno2`,
      })
}

async function knownChassis({ southbound }: Pair): Promise<readonly ChassisRow[]> {
  using south = new OvnDatabase('southbound', southbound)
  return chassisOf(await south.select(CHASSIS_QUESTIONS))
}

/** Central would take neither of these, and say so only in logs. Errors: ChassisTaken, EncapTaken. */
function refuseTaken(local: LocalOvn, { systemId, encapIp, encapTypes }: Chassis, known: readonly ChassisRow[]): void {
  const wasHere = local.externalIds[CHASSIS_RECORD] !== undefined || local.externalIds['ovn-remote'] !== undefined
  const namesake = known.find(({ name }) => name === systemId)
  // A machine that was copied, settings and all, has another name and address than the one it thinks it is.
  const isSameHost = wasHere && namesake?.hostname === (local.externalIds['hostname'] ?? hostname())
  const isOther = namesake !== undefined && !isSameHost && !namesake.encaps.some(({ ip }) => ip === encapIp)
  if (isOther)
    throw new Refused('ChassisTaken', `Central knows another host as ${systemId}: ${whereabouts(namesake)}.`, {
      next: `A copied machine needs a name of its own: ovs-vsctl set Open_vSwitch . external_ids:system-id=$(uuidgen); if that host is gone: ovn-sbctl chassis-del ${systemId}`,
    })
  const holder = known.find(
    ({ name, encaps }) =>
      name !== systemId && encaps.some(({ type, ip }) => ip === encapIp && encapTypes.some((own) => own === type)),
  )
  if (holder !== undefined)
    throw new Refused(
      'EncapTaken',
      `Tunnels to ${encapIp} lead to another chassis, ${holder.name}: ${whereabouts(holder)}.`,
      {
        next: `Choose another address of this host with --encap-ip; if that chassis is gone: ovn-sbctl chassis-del ${holder.name}`,
      },
    )
}

const whereabouts = ({ hostname, encaps }: ChassisRow): string =>
  `${hostname === '' ? 'without a host name' : hostname}, ${encaps.map(({ ip }) => ip).join(', ') || 'without tunnels'}`
