import { ToolMissing } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { refuseOtherDatabase } from '../../network/own-database.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import { refuseNarrow, refuseUnfit, uplinkMissing } from '../../network/uplink-fit.ts'
import type { Moved, UplinkRecord } from '../../network/uplink-record.ts'
import { isShielded } from '../../network/uplink-shield.ts'
import { carries, sharing, uplinkVlan, type UplinkPlace } from '../../network/uplink-vlans.ts'
import { columnsOfVlan, describeVlan, type Vlan } from '../../net/vlan.ts'
import type { ReversibleStep, Stages } from '../step.ts'
import { uplinkAddress } from '../steps/uplink-address.ts'
import { uplinkLeave } from '../steps/uplink-leave.ts'
import { NOTHING, seen, uplinkMove } from '../steps/uplink-move.ts'
import { UPLINK, uplinkPort } from '../steps/uplink-port.ts'
import { uplinkRecord } from '../steps/uplink-record.ts'
import { uplinkShield } from '../steps/uplink-shield.ts'
import { uplinkUnshield } from '../steps/uplink-unshield.ts'
import { uplinkUp } from '../steps/uplink-up.ts'
import { isSame, uplinkVlans } from '../steps/uplink-vlans.ts'
import { isUserspace, lookAtUplink, type Uplink } from '../uplink-look.ts'
import { recordOfUplink } from '../uplink-takes.ts'
import type { NetworkPart } from './part.ts'

/** The NIC of a flat network, which joins its bridge; networks of one bridge may share it. */
export const uplink: NetworkPart = {
  name: UPLINK,
  isOf: ({ mode, uplink }) => mode === 'flat' && uplink !== undefined,

  async make(host, spec, around) {
    refuseOtherDatabase(host, spec.name, `ovsd net create ${spec.name}`)
    const place = placeOf(spec)
    const found = await lookAtUplink(host, place, around.signal)
    const { nic, where, isOurs } = found
    if (nic === undefined) throw uplinkMissing(place.uplink)
    refuseUnfit(nic, place, where, around.others)
    refuseNarrow(nic, spec, where)
    if (where !== undefined && !isOurs) return bringUp(host, place, found)
    const { record, over } = await recordOfUplink(host, { ...found, nic }, spec, around)
    const networks = [spec, ...sharing(place, around.others)]
    const isNew = JSON.stringify(record) !== JSON.stringify(found.before)
    const isOpen = isUserspace(found) && !(await isShielded(host.run, nic.name, around.signal))
    const moving = (step: (moved: Moved) => ReversibleStep): Stages<ReversibleStep> =>
      record.moved === undefined || !found.hasOwn ? [] : [[step(record.moved)]]
    return [
      ...(isNew ? [[uplinkRecord(host, place, record, found.before, over)]] : []),
      ...moving((moved) => uplinkAddress(host, place, moved)),
      ...(where === undefined
        ? [[uplinkPort(host, place, spec.name, vlanFor(networks, record))]]
        : changeVlans(host, place, found, networks)),
      ...moving((moved) => uplinkMove(host, place, moved, nic)),
      // Not before: killed in between, the host would not hear who answers to what it asks on the NIC.
      ...(isOpen ? [[uplinkShield(host, nic.name)]] : []),
      ...(nic.isUp ? [] : [[uplinkUp(host, nic.name)]]),
    ]
  },

  async missing(host, spec, around) {
    const place = placeOf(spec)
    const found = await lookAtUplink(host, place, around.signal)
    const { nic, where, isOurs, before } = found
    const { bridge, uplink } = place
    if (nic === undefined) return [`the NIC ${uplink}`]
    if (where?.bridge.name !== bridge) return [`${uplink} on ${bridge}`]
    const vlan = vlanFor([spec, ...sharing(place, around.others)], before)
    const isCarried = isOurs
      ? isSame(where.port.vlanColumns, columnsOfVlan(vlan))
      : carries(where.port.vlanColumns, spec.vlan ?? 0)
    const isOpen = isOurs && isUserspace(found) && !(await isShielded(host.run, uplink, around.signal))
    return [
      ...(isCarried ? [] : [`VLAN ${describeVlan(vlan)} on ${uplink}`]),
      ...(nic.isUp ? [] : [`${uplink}, which is down`]),
      ...(isOurs && before?.moved !== undefined && found.hasOwn ? [`the addresses of ${uplink} on ${bridge}`] : []),
      ...(isOpen ? [`the nftables table of ${uplink}`] : []),
    ]
  },

  async remove(host, spec, around) {
    refuseOtherDatabase(host, spec.name, `ovsd net rm ${spec.name}`)
    const place = placeOf(spec)
    const found = await lookAtUplink(host, place, around.signal)
    const { where, isOurs, row, before } = found
    const rest = sharing(place, around.others)
    if (rest.length > 0) return isOurs ? changeVlans(host, place, found, rest) : []
    // Somebody may have taken the port, or the whole bridge, from under it: then the NIC would hear nothing for ever.
    const hasShield = await mayBeShielded(host, place.uplink, around.signal)
    if (row === undefined || (before === undefined && !isOurs))
      return hasShield ? [[uplinkUnshield(host, place.uplink)]] : []
    const local =
      before?.moved === undefined
        ? NOTHING
        : await seen(host, place.bridge, around.signal ?? new AbortController().signal)
    return [[uplinkLeave(host, place, { where: isOurs ? where : undefined, record: before, hasShield, local })]]
  },
}

/** A host without nft has no such table. */
async function mayBeShielded({ run }: Host, nic: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return await isShielded(run, nic, signal)
  } catch (error) {
    if (error instanceof ToolMissing) return false
    throw error
  }
}

function placeOf({ bridge, uplink, name }: NetworkSpec): UplinkPlace {
  if (uplink === undefined) throw new Error(`the network ${name} has no uplink`)
  return { bridge, uplink }
}

/** The VLANs of all networks that share a NIC, and untagged frames when the host itself needs them. */
const vlanFor = (networks: readonly NetworkSpec[], record: UplinkRecord | undefined): Vlan =>
  uplinkVlan([...networks.map(({ vlan = 0 }) => vlan), ...(record?.moved === undefined ? [] : [0])])

/** A NIC that somebody else put on the bridge is used as it is; it has to be up. */
function bringUp(host: Host, place: UplinkPlace, { nic, before }: Uplink): Stages<ReversibleStep> {
  if (nic?.isUp !== false) return []
  const record = before ?? { up: false, moved: undefined }
  return [
    ...(before === undefined ? [[uplinkRecord(host, place, record, before, undefined)]] : []),
    [uplinkUp(host, place.uplink)],
  ]
}

/** The NIC carries the VLANs of these networks, and is marked as one's of them. */
function changeVlans(
  host: Host,
  place: UplinkPlace,
  { where, marked, before }: Uplink,
  networks: readonly NetworkSpec[],
): Stages<ReversibleStep> {
  if (where === undefined) return []
  const vlan = vlanFor(networks, before)
  const network = (networks.find(({ name }) => name === marked) ?? networks[0])?.name ?? marked
  const { vlanColumns: columns } = where.port
  if (network === marked && isSame(columns, columnsOfVlan(vlan))) return []
  return [[uplinkVlans(host, place, { network, vlan }, { network: marked, columns })]]
}
