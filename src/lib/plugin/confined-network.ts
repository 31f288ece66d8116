import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { optionName } from '../network/options.ts'
import { networksOn } from '../network/seen.ts'
import { asNetworkOption, type NetworkWordName } from '../network/words.ts'
import type { CreatedNetwork } from '../plan/create-network.ts'
import type { Prepared } from '../plan/prepared.ts'
import { judgeNetwork, judgeVlan, type NetworkViolation } from '../policy/judge-network.ts'
import { isOfFile, type Policy } from '../policy/policy.ts'
import type { AskedNetwork } from './network-words.ts'
import type { CreateNetworkRequest } from './requests.ts'

/** A network that Docker asks for, and how. */
export interface Asked extends AskedNetwork {
  readonly options: CreateNetworkRequest['options']
}

/**
 * What `plan` plans for a network, if the policy allows it; one that is there stays, whatever the policy has come to since. Errors:
 * PolicyRefused, those of `plan`.
 */
export async function confinedNetwork(
  host: Host,
  policy: Policy,
  { words, spec, options }: Asked,
  plan: () => Promise<Prepared<CreatedNetwork>>,
): Promise<Prepared<CreatedNetwork>> {
  if (!isOfFile(policy)) return plan()
  const bridges = await host.ovs.bridges()
  if (bridges.flatMap(networksOn).some((one) => 'spec' in one && one.spec.docker === spec.docker)) return plan()
  const wish = { words, spec, nameOf: nameIn(Object.keys(options)) }
  const bridge = bridges.find(({ name }) => name === spec.bridge)
  refuse(policy, judgeNetwork(policy, wish, bridge))
  const planned = await plan()
  // Where nobody names a VLAN it is chosen with the plan, of which nothing has been carried out.
  refuse(policy, judgeVlan(policy, wish, planned.result.vlan ?? undefined))
  return planned
}

function refuse({ source }: Policy, violations: readonly NetworkViolation[]): void {
  if (violations.length === 0) return
  const rules = [...new Set(violations.map(({ rule }) => rule))].join(', ')
  throw new Refused('PolicyRefused', `${violations.map(({ message }) => message).join(' ')} (rule: ${rules})`, {
    next: `Who may decide that allows it in ${source}, ovsd-policy(5), and has it read again with SIGHUP.`,
  })
}

/** What a word is called where it was written, or would be (answer.ts has flags in the words of docker). */
function nameIn(options: readonly string[]): NetworkWordName {
  const name = optionName(asNetworkOption, options)
  return (word) => (word === 'central' ? '--opt ovn.auto_create' : name(word))
}
