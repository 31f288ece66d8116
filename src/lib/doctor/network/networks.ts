import { OvsdError } from '../../errors.ts'
import { networkKey, type RecordedNetwork } from '../../network/record.ts'
import { othersThan } from '../../network/networks.ts'
import { completeNetwork } from '../../plan/complete-network.ts'
import { missingOfParts } from '../../plan/parts/parts.ts'
import { notHere, orOk, type Check, type Trouble } from '../check.ts'
import { recipe, typed } from '../fixes.ts'
import { natDifference } from './nat-seen.ts'
import type { Patient } from '../patient.ts'
import { count } from '../words.ts'

type Usable = Extract<RecordedNetwork, { readonly spec: object }>

export const records: Check = {
  id: 'network.record',
  title: 'the record of each network can be read',
  about:
    'A network is recorded among the external_ids of its bridge. A record that somebody has changed cannot be used: nothing is attached to the network until it is put back from the store, or the network removed.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const all = await patient.networks()
    if (all.length === 0) return notHere('there is no network of ovsd')
    const troubles = all.flatMap((one): Trouble[] =>
      'spec' in one
        ? []
        : [
            {
              ...{
                level: 'fail',
                subject: `network ${one.name}`,
                said: `The network ${one.name} cannot be used: ${one.problem}.`,
              },
              evidence: [`ovs-vsctl get Bridge ${one.bridge} external_ids:${networkKey(one.name)}: ${one.problem}`],
              fix: typed(
                `ovs-vsctl remove Bridge ${one.bridge} external_ids ${networkKey(one.name)}`,
                'ovsd state import   # from its copy in the store',
              ),
            },
          ],
    )
    return orOk(troubles, count(all.length, 'network'))
  },
}

export const parts: Check = {
  id: 'network.parts',
  title: 'each network has all that belongs to it',
  about:
    'Gateways with their forwarding and masquerade, uplinks, tunnels, logical switches and mirrors are made with a network, and somebody may take them away: a firewall that was flushed, a sysctl that was set, a port that was deleted. ovsd watch and ovsd daemon put them back by themselves; doctor --fix does it once.',
  needs: ['ovs.vswitchd', 'network.record', 'own.drift'],
  run: async (patient) => {
    const usable = (await patient.networks()).filter((one): one is Usable => 'spec' in one)
    const all = await Promise.all(usable.map((one) => missing(patient, one)))
    return orOk(all.flat(), count(usable.length, 'network'))
  },
}

const ARE_OTHERS = /^the rules of \S+ are others$/

/** Whether words of natDifferences are about one of these interfaces. */
const isAbout = (words: string, links: readonly string[]): boolean => links.some((link) => words.startsWith(`${link} `))

async function missing(patient: Patient, network: Usable): Promise<readonly Trouble[]> {
  const { spec, name } = network
  try {
    const found = await missingOfParts(patient.host, spec, { others: othersThan(spec, await patient.networks()) })
    if (found.length === 0) return []
    const isOthers = found.some((words) => ARE_OTHERS.test(words))
    const nat = isOthers ? await natDifference(patient.host) : { said: [], evidence: [], newWays: [] }
    const isNew =
      isOthers &&
      nat.newWays.length > 0 &&
      found.every((words) => ARE_OTHERS.test(words) || isAbout(words, nat.newWays))
    const words = nat.said.length === 0 ? found : [...found.filter((one) => !ARE_OTHERS.test(one)), ...nat.said]
    const called = network.title ?? name
    return [
      {
        // What was there works on; what is behind the new way is not reached yet.
        level: isNew ? 'warn' : 'fail',
        subject: `network ${name}`,
        said: isNew
          ? `The host has a way out by ${nat.newWays.join(' and ')}, which the rules of the network ${called} do not know yet.`
          : `The network ${called} is not complete: ${words.join('; ')}.`,
        evidence: [`ovsd net inspect ${name}: ${found.join('; ')}`, ...nat.evidence],
        // With an uplink, addresses of the host may be moved by that: somebody may have taken it away for a reason.
        fix:
          spec.uplink === undefined
            ? recipe(`ovsd doctor --fix --only=network.parts   # network ${name}`, (host) =>
                completeNetwork(host, name, { id: spec.id }),
              )
            : typed('ovsd watch --once'),
      },
    ]
  } catch (error) {
    // That central is away is said by ovn.central.
    if (error instanceof OvsdError && error.code === 'CentralUnreachable') return []
    throw error
  }
}
