import { notHere, orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'
import { isOpenToAll } from '../ovs/managers.ts'
import { count } from '../words.ts'

export const listeners: Check = {
  id: 'bridge.listeners',
  title: 'no bridge takes flows from anybody',
  about:
    'ovs-vsctl set-controller BRIDGE ptcp:6653 has ovs-vswitchd listen on every address for OpenFlow, without a password and without TLS: whoever reaches the port may lead all frames of the bridge wherever they like. pssl: with certificates, or ptcp:6653:127.0.0.1, is what was meant; ovs-ofctl of this host needs none of them.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const { bridges } = await patient.switch()
    if (bridges.length === 0) return notHere('there is no bridge')
    const troubles = bridges.flatMap(({ name, controllers }): Trouble[] => {
      const targets = controllers.map(({ target }) => target)
      return targets.filter(isOpenToAll).map((target) => ({
        ...{ level: 'warn', subject: `bridge ${name}` },
        said: `Anybody who reaches this host at ${target} can put flows into the bridge ${name}.`,
        evidence: [`ovs-vsctl get-controller ${name}: ${targets.join(', ')}`],
        // Somebody may be using it right now.
        fix: typed(
          targets.length === 1
            ? `ovs-vsctl del-controller ${name}`
            : `ovs-vsctl set-controller ${name} ${targets.filter((one) => one !== target).join(' ')}`,
        ),
      }))
    })
    return orOk(troubles, count(bridges.length, 'bridge'))
  },
}
