import { OvsdError, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { parseNetworkSpec } from '../network/spec.ts'
import { ABOUT_HOST, wordsWithout } from '../network/words.ts'
import { refuseForeignAddress } from '../ovn/encap-ip.ts'
import { readLocal } from '../ovn/local.ts'
import { isWithoutCentral } from '../ovn/without-central.ts'
import { withWayOut } from '../plan/adopt-transit.ts'
import { createNetwork, type CreatedNetwork } from '../plan/create-network.ts'
import type { Prepared } from '../plan/prepared.ts'
import type { Store } from '../state/store.ts'
import { withAwaited } from './awaited-central.ts'
import { requireCentralTools } from './central-tools.ts'
import type { AskedNetwork } from './network-words.ts'

/** What the tunnels of OVN leave of 1500 bytes over IPv4. */
const ROOM = { geneve: '1442', vxlan: '1450' } as const

/**
 * Plans a network as Docker asks for it. One that brings its central with it is recorded where none answers: a call is no time to make
 * one, and who keeps networks makes central first, and all else of the network then. Errors: BadInput, ToolMissing, those of createNetwork.
 */
export async function makeNetwork(host: Host, asked: AskedNetwork, store: Store): Promise<Prepared<CreatedNetwork>> {
  const { words, spec } = await withAwaited(host, asked)
  const options = { mayExist: true, store }
  if (spec.central === undefined) return createNetwork(host, words, spec, options).catch(whichCentral)
  // Where central is, and how its tunnels are made, is asked of the one that is made; one that is there has its own.
  const own = wordsWithout(words, ABOUT_HOST)
  const { encapIp } = spec.central
  if (encapIp !== undefined) await refuseForeignAddress(host.run, encapIp, '--opt ovn.encap_ip')
  try {
    return await createNetwork(host, own, spec, options)
  } catch (error) {
    if (!isWithoutCentral(error)) throw error
    await requireCentralTools(host)
    const mtu = spec.mtu ?? Number(spec.central.encap === 'vxlan' ? ROOM.vxlan : ROOM.geneve)
    const late = { ...options, recordOnly: true, beforeOvn: true }
    const { role } = spec.overlay ?? {}
    const whole = role === undefined ? own : withWayOut(await readLocal(host), own, role)
    return createNetwork(host, { ...whole, mtu: String(mtu) }, { ...parseNetworkSpec(whole), mtu }, late)
  }
}

/** Says in the words of ovs-container-network what is missing where neither the network nor the host names a central. */
function whichCentral(error: unknown): never {
  if (!(error instanceof OvsdError) || error.code !== 'CentralUnknown' || !error.message.includes('any OVN central'))
    throw error
  throw new Refused(
    'CentralUnknown',
    'ovn.nb_connection and ovn.sb_connection are required when using ovn.switch: this host does not know of any OVN central.',
    { next: `Have one made for it: --opt ovn.auto_create=true. Or beforehand: ${error.next ?? 'ovsd ovn bootstrap'}` },
  )
}
