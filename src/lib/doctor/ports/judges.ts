// In the order of causes: what comes later may follow from what comes before.
import { dhcpClient } from './dhcp.ts'
import { deviceError, linkIsDown, notOpened } from './device.ts'
import {
  addressGone,
  defaultRoute,
  duplicateInside,
  interfaceDown,
  interfaceGone,
  macChanged,
  routeGone,
} from './inside.ts'
import { linkGone, stale } from './life.ts'
import { marksDamaged } from './marks.ts'
import { mtu, tunnelMtu } from './mtu.ts'
import type { Judge } from './judge.ts'
import { otherVlan, untagged } from './vlan.ts'

export const JUDGES: readonly Judge[] = [
  ...[stale, linkGone, marksDamaged, deviceError, notOpened, linkIsDown],
  ...[interfaceGone, interfaceDown, untagged, otherVlan, macChanged, dhcpClient, addressGone, duplicateInside],
  ...[mtu, tunnelMtu, defaultRoute, routeGone],
]
