import { OvsdError, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { parseNetworkSpec, type NetworkSpec } from '../network/spec.ts'
import { ABOUT_HOST, wordsWithout, type NetworkWords } from '../network/words.ts'
import { readLocal } from '../ovn/local.ts'
import { withWayOut } from '../plan/adopt-transit.ts'
import { createNetwork, type CreatedNetwork } from '../plan/create-network.ts'
import type { Prepared } from '../plan/prepared.ts'
import type { Store } from '../state/store.ts'
import { requireTools } from '../system/runner.ts'

/** What is told of a central that is away, unknown, or not this host's yet. */
const WITHOUT_CENTRAL: readonly string[] = ['CentralUnknown', 'ChassisMissing', 'CentralUnreachable']

/** What the tunnels of OVN leave of 1500 bytes over IPv4. */
const ROOM = { geneve: '1442', vxlan: '1450' } as const

/**
 * Plans a network as Docker asks for it. One that brings its central with it is recorded where none answers: a call is no time to make
 * one, and who keeps networks makes central first, and all else of the network then. Errors: those of createNetwork.
 */
export async function makeNetwork(
  host: Host,
  words: NetworkWords,
  spec: NetworkSpec,
  store: Store,
): Promise<Prepared<CreatedNetwork>> {
  const options = { mayExist: true, store }
  if (spec.central === undefined) return createNetwork(host, words, spec, options).catch(whichCentral)
  // Where central is, and how its tunnels are made, is asked of the one that is made; one that is there has its own.
  const own = wordsWithout(words, ABOUT_HOST)
  try {
    return await createNetwork(host, own, spec, options)
  } catch (error) {
    if (!(error instanceof OvsdError) || !WITHOUT_CENTRAL.includes(error.code)) throw error
    requireDocker()
    const mtu = spec.mtu ?? Number(spec.central.encap === 'vxlan' ? ROOM.vxlan : ROOM.geneve)
    const late = { ...options, recordOnly: true, beforeOvn: true }
    const { role } = spec.overlay ?? {}
    const whole = role === undefined ? own : withWayOut(await readLocal(host), own, role)
    return createNetwork(host, { ...whole, mtu: String(mtu) }, { ...parseNetworkSpec(whole), mtu }, late)
  }
}

/** A managed plugin has no docker(1), which central is made with. Error: ToolMissing. */
function requireDocker(): void {
  try {
    requireTools([{ tool: 'docker', args: [] }])
  } catch (cause) {
    throw new Refused(
      'ToolMissing',
      'No central of OVN answers, and the program docker, to make one with, is not here.',
      {
        cause,
        next: 'Make it on the host: ovsd ovn bootstrap; then create the network',
      },
    )
  }
}

/** Says in the words of ovs-container-network what is missing where neither the network nor the host names a central. */
function whichCentral(error: unknown): never {
  if (!(error instanceof OvsdError) || error.code !== 'CentralUnknown' || !error.message.includes('any OVN central'))
    throw error
  const { next } = error
  throw new Refused(
    'CentralUnknown',
    'ovn.nb_connection and ovn.sb_connection are required when using ovn.switch: this host does not know of any OVN central.',
    next === undefined ? {} : { next },
  )
}
