import { segment } from '../../attach/taken.ts'
import { describeVlan } from '../../net/vlan.ts'
import type { AttachmentSeen } from '../attachments-seen.ts'
import { typed } from '../fixes.ts'
import type { Judge } from './judge.ts'

/** The tag that the network of a port has, 0 for none; undefined when there is no network to compare with. */
export const tagOf = ({ network }: AttachmentSeen): number | undefined =>
  network !== undefined && 'spec' in network && network.spec.overlay === undefined
    ? (network.spec.vlan ?? 0)
    : undefined

/** What people call the network: Docker's own name where it made it. */
const calledOf = ({ network, marks }: AttachmentSeen): string => network?.title ?? marks.network

// A path between containers opens or closes with it, so that is for a person to do.
const mend = (port: AttachmentSeen, tag: number): string =>
  `ovs-vsctl set Port ${port.where.port.name} tag=${String(tag)} vlan_mode=access`

export const untagged: Judge = {
  id: 'port.untagged',
  title: 'no port of a VLAN network is untagged',
  about:
    'A port without a tag is a trunk: it receives every VLAN of the bridge and may send into each. In a network that has a tag it is a hole in the wall between tenants.',
  find: (port) => {
    const tag = tagOf(port)
    return tag === undefined || tag === 0 || port.where.port.vlan.kind !== 'none'
      ? undefined
      : {
          level: 'fail',
          said: `The port has no tag, but its network ${calledOf(port)} is VLAN ${String(tag)}: it sees every VLAN of ${port.where.bridge.name}.`,
          evidence: [`ovs-vsctl get Port ${port.where.port.name} tag: []`],
          fix: typed(mend(port, tag)),
        }
  },
}

export const otherVlan: Judge = {
  id: 'port.vlan',
  title: 'each port has the VLAN of its network',
  about: 'The port is in another VLAN than the network that it belongs to, so it does not reach the others in it.',
  find: (port) => {
    const tag = tagOf(port)
    const { vlan } = port.where.port
    return tag === undefined || (tag === 0 ? segment(vlan) === 0 : vlan.kind === 'access' && vlan.tag === tag)
      ? undefined
      : {
          level: 'fail',
          said: `The port carries VLAN ${describeVlan(vlan)}, but its network ${calledOf(port)} ${tag === 0 ? 'has none' : `is VLAN ${String(tag)}`}.`,
          evidence: [`ovs-vsctl get Port ${port.where.port.name} tag trunks vlan_mode: ${describeVlan(vlan)}`],
          fix: typed(mend(port, tag)),
        }
  },
}
