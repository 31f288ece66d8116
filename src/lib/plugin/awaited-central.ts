// Networks that are made while the central that another one brings is still being made.
import type { Host } from '../host.ts'
import type { CentralWish } from '../network/central-wish.ts'
import { networksOf } from '../network/networks.ts'
import { parseNetworkSpec } from '../network/spec.ts'
import type { NetworkWords } from '../network/words.ts'
import { centralOf } from '../ovn/central.ts'
import { isExpected } from '../ovn/container/expected.ts'
import { parseCentral } from '../ovn/join-words.ts'
import { readLocal, type LocalOvn } from '../ovn/local.ts'
import type { AskedNetwork } from './network-words.ts'

/**
 * A network on OVN that asks for no central itself, on a host that belongs to none yet but has a network that brings one (`ovn.auto_create`): it brings
 * that one, too, should it name the same, none, or one where ovsd's own may come to be. READMEs have people type such networks one after the other. Any
 * other network is given back as it is. Error: BadInput.
 */
export async function withAwaited(host: Host, asked: AskedNetwork): Promise<AskedNetwork> {
  const { words, spec } = asked
  if (spec.overlay === undefined || spec.central !== undefined) return asked
  const local = await readLocal(host)
  if (centralOf(local) !== undefined) return asked
  const networks = await networksOf(host)
  const wish = networks
    .flatMap((one) => ('spec' in one ? (one.spec.central ?? []) : []))
    .find((one) => isMeant(one, words, local))
  if (wish === undefined) return asked
  const whole = { ...words, central: JSON.stringify(wish) }
  return { words: whole, spec: parseNetworkSpec(whole) }
}

function isMeant(wish: CentralWish, words: NetworkWords, { tls }: LocalOvn): boolean {
  const { northbound, southbound, encap = wish.encap, encapIp = wish.encapIp } = words
  if (encap !== wish.encap || encapIp !== wish.encapIp) return false
  if (northbound === wish.northbound && southbound === wish.southbound) return true
  // One without the other is refused where that is looked at.
  if (northbound === undefined || southbound === undefined) return northbound === southbound
  return isExpected(parseCentral(northbound, southbound, tls, '--opt ovn.nb_connection'))
}
