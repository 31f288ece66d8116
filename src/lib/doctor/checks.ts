import { datapaths, failMode, openflow, patches, spanningTree } from './bridge/bridges.ts'
import { listeners } from './bridge/listeners.ts'
import { uplink } from './bridge/uplink.ts'
import type { Check } from './check.ts'
import { engine } from './docker/engine.ts'
import { netnsLinks } from './host/netns-links.ts'
import { orphanLinks } from './host/orphan-links.ts'
import { privileges } from './host/privileges.ts'
import { tools } from './host/tools.ts'
import { parts, records } from './network/networks.ts'
import { wayBack } from './network/way-back.ts'
import { database } from './ovs/database.ts'
import { datapath } from './ovs/datapath.ts'
import { managers } from './ovs/managers.ts'
import { mirrors } from './ovs/mirrors.ts'
import { qos } from './ovs/qos.ts'
import { sockets } from './ovs/sockets.ts'
import { vswitchd } from './ovs/vswitchd.ts'
import { central, members, northd, versions } from './ovn/central.ts'
import { certificates } from './ovn/certificates.ts'
import { chassis, controller, encapIp, tunnels } from './ovn/host.ts'
import { ifaceIds, logicalPorts } from './ovn/ports.ts'
import { daemons } from './own/daemons.ts'
import { driver } from './own/driver.ts'
import { order } from './own/order.ts'
import { drift, policy, store } from './own/own.ts'
import { checksOf } from './ports/judge.ts'
import { JUDGES } from './ports/judges.ts'
import { offload } from './ports/offload.ts'
import { switchedOff } from './ports/switched-off.ts'
import { addressTwice, macTwice } from './ports/twice.ts'

/** Every check, in the order of the report; each after those that it needs. */
export const CHECKS: readonly Check[] = [
  ...[privileges, tools, netnsLinks],
  ...[database, vswitchd, datapath, sockets, managers, qos, mirrors, orphanLinks],
  engine,
  ...[failMode, spanningTree, openflow, listeners, datapaths, patches, uplink],
  ...checksOf(JUDGES, ['ovs.vswitchd', 'ovs.datapath']),
  ...[addressTwice, macTwice, offload, switchedOff],
  // What the database has lost is put back first: what is missing of networks is told by what it knows.
  ...[store, drift],
  ...[records, parts, wayBack],
  ...[central, members, northd, encapIp, controller, chassis, versions, tunnels, ifaceIds, logicalPorts, certificates],
  ...[policy, driver, order, daemons],
]
