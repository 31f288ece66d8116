import { isDeepStrictEqual } from 'node:util'
import { portName, type Attachment } from '../attach/attachment.ts'
import { legOf } from '../attach/external-leg.ts'
import { isInOrder } from '../attach/in-order.ts'
import { missingMarks, readMarks } from '../attach/marks.ts'
import { missesClient } from '../dhcp/client.ts'
import { linkExists } from '../net/links.ts'
import type { ProcNet } from '../net/proc-net.ts'
import { columnsOfVlan } from '../net/vlan.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { sameColumns } from '../plan/steps/vlan-set.ts'

/**
 * Whether an attachment is just as it is wanted, as far as can be seen without a process: its row, its link, and what /proc
 * shows of the inside. False says only that it is worth a closer look, which the recipe takes.
 */
export function inPlace(wanted: Attachment, found: PortOnBridge | undefined, inside: ProcNet | undefined): boolean {
  return found !== undefined && inside !== undefined && rowIsRight(wanted, found) && insideIsRight(wanted, inside)
}

function rowIsRight(wanted: Attachment, { interface: row, port, bridge }: PortOnBridge): boolean {
  const { target, iface, vlan, rate = 0, persist = false, external } = wanted
  const marks = readMarks(row.externalIds)
  return (
    row.name === portName(target.id, iface) &&
    bridge.name === wanted.bridge &&
    Object.keys(missingMarks(wanted, row.externalIds)).length === 0 &&
    // None of these is missing when there is more than is wanted.
    marks.persist === persist &&
    isDeepStrictEqual(marks.external, external) &&
    (external === undefined || linkExists(legOf(target.id, iface, external).end)) &&
    sameColumns(port.vlanColumns, columnsOfVlan(vlan)) &&
    row.rate === rate &&
    row.error === '' &&
    !missesClient(row.name, row.externalIds) &&
    row.ofport !== undefined &&
    row.ofport > 0 &&
    linkExists(row.name)
  )
}

function insideIsRight(wanted: Attachment, inside: ProcNet): boolean {
  const { iface, external, target } = wanted
  return (
    isInOrder(wanted, inside) &&
    (external === undefined ||
      (inside.interfaces.has(legOf(target.id, iface, external).inside) && inside.v4.has(external.ip.text)))
  )
}
