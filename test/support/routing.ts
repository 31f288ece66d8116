// Routers and transit networks as the tests of their steps want them.
import { parseNetworkSpec, type NetworkSpec } from '../../src/lib/network/spec.ts'
import { memberOf, transitOf } from '../../src/lib/network/transit.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { change, type Northbound } from '../../src/lib/ovn/change.ts'
import { makeSwitch } from '../../src/lib/ovn/nb/logical-switch.ts'
import { readNetworkRouter, type NetworkRouter } from '../../src/lib/ovn/nb/network-router.ts'
import type { TransitNet } from '../../src/lib/ovn/nb/transit-net.ts'
import { readTransit, type TransitWish } from '../../src/lib/ovn/nb/transit.ts'
import { switchToMake } from '../../src/lib/plan/parts/switch-to-make.ts'
import { logicalRouterJoin } from '../../src/lib/plan/steps/logical-router-join.ts'
import { transitSettle } from '../../src/lib/plan/steps/transit-settle.ts'
import { idOf, signal } from './northbound.ts'

const TRANSIT = 9999

/** The network number `n`: 10.n.0.0/24 and fd00:n::/64 behind lr-n, a member of the transit network. */
export const vpcSpec = (n: number, words: Partial<NetworkWords> = {}): NetworkSpec =>
  parseNetworkSpec({
    ...{ name: `vpc${n}`, id: idOf(n), switch: `ls-vpc${n}`, subnet: [`10.${n}.0.0/24`, `fd00:${n}::/64`] },
    ...{ router: `lr-${n}`, transitNetwork: 'transit', ...words },
  })

export const transitSpec = (words: Partial<NetworkWords> = {}): NetworkSpec =>
  parseNetworkSpec({
    ...{ name: 'transit', id: idOf(TRANSIT), role: 'transit', subnet: ['192.168.100.0/24', 'fd00:100::/64'] },
    ...{ physnet: 'physnet1', externalGateway: ['192.168.100.1'], ...words },
  })

/** Makes the switch of a network. */
export async function makeSwitchOf(nb: Northbound, spec: NetworkSpec, systemId = 'hv1'): Promise<void> {
  await change(nb, makeSwitch(switchToMake(spec, systemId)), signal)
}

export function routerOf(spec: NetworkSpec): NetworkRouter {
  const { id = '', name, subnets, overlay, tenant } = spec
  return {
    ...{ id, network: name, tenant, router: overlay?.router ?? '', transit: overlay?.transit, advertises: undefined },
    ls: switchToMake(spec, '').uuid,
    subnets: subnets.map(({ cidr }) => cidr),
    addresses: subnets.flatMap(({ cidr, gateway: ip }) => (ip === undefined ? [] : [{ ip, prefix: cidr.prefix }])),
  }
}

export async function joinStep(nb: Northbound, spec: NetworkSpec) {
  const wanted = routerOf(spec)
  return logicalRouterJoin(nb, wanted, await readNetworkRouter(nb, wanted))
}

export function netOf(spec = transitSpec()): TransitNet {
  const net = transitOf(spec, switchToMake(spec, '').uuid)
  if (net === undefined) throw new Error('no transit network')
  return net
}

/** The step that makes its gateway router, or makes a network a member of it. */
export async function settleStep(nb: Northbound, vpc?: NetworkSpec, chassis = 'hv1') {
  const net = netOf()
  const wish: TransitWish = vpc === undefined ? { chassis } : { member: memberOf(vpc) }
  const seen = await readTransit(nb, net, wish)
  if (seen === undefined) throw new Error('no switch')
  return transitSettle(nb, { net, wish, seen, title: 'Settle' })
}

/** Makes a network with its router, and makes it a member. */
export async function madeVpc(nb: Northbound, spec: NetworkSpec): Promise<void> {
  await makeSwitchOf(nb, spec)
  await (await joinStep(nb, spec)).apply(signal)
  if (spec.overlay?.transit !== undefined) await (await settleStep(nb, spec)).apply(signal)
}

/** Makes the transit network with its gateway router. */
export async function madeTransit(nb: Northbound): Promise<void> {
  await makeSwitchOf(nb, transitSpec())
  await (await settleStep(nb)).apply(signal)
}
