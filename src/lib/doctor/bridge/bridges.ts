// Settings of bridges that keep frames from being forwarded.
import { INTEGRATION_BRIDGE } from '../../ovn/chassis.ts'
import { notHere, orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'
import type { BridgeSeen } from '../switch-seen.ts'
import { count } from '../words.ts'

/** A check that looks at each bridge by itself. */
const ofBridges = (
  { id, title, about }: Pick<Check, 'id' | 'title' | 'about'>,
  find: (bridge: BridgeSeen) => Omit<Trouble, 'subject'> | undefined,
): Check => ({
  ...{ id, title, about },
  needs: ['ovs.database'],
  run: async (patient) => {
    const { bridges } = await patient.switch()
    if (bridges.length === 0) return notHere('there is no bridge')
    const troubles = bridges.flatMap((bridge): Trouble[] => {
      const found = find(bridge)
      return found === undefined ? [] : [{ ...found, subject: `bridge ${bridge.name}` }]
    })
    return orOk(troubles, count(bridges.length, 'bridge'))
  },
})

export const failMode = ofBridges(
  {
    id: 'bridge.fail-mode',
    title: 'no bridge waits for a controller in vain',
    about:
      'With fail_mode secure a bridge forwards only what flows say, and it has none until a controller (or somebody with ovs-ofctl) puts them in. Without a controller that is connected it drops everything. br-int of OVN is filled by ovn-controller, which needs no controller of the bridge.',
  },
  ({ name, failMode: mode, controllers, externalIds }) => {
    if (mode !== 'secure' || name === INTEGRATION_BRIDGE || externalIds['ovn-managed'] !== undefined) return undefined
    if (controllers.some(({ isConnected }) => isConnected)) return undefined
    const targets = controllers.map(({ target }) => target).join(', ')
    return {
      // With flows that somebody has put in by hand it may be just what is meant.
      level: 'warn',
      said:
        controllers.length === 0
          ? `The bridge ${name} has fail_mode secure and no controller: it forwards nothing but what flows were put in by hand.`
          : `The bridge ${name} has fail_mode secure, and no controller of it is connected (${targets}).`,
      evidence: [`ovs-vsctl get-fail-mode ${name}: secure`, `ovs-vsctl get-controller ${name}: ${targets || 'none'}`],
      fix: typed(`ovs-vsctl set-fail-mode ${name} standalone`),
    }
  },
)

export const spanningTree = ofBridges(
  {
    id: 'bridge.stp',
    title: 'no bridge waits for a spanning tree',
    about:
      'With STP or RSTP each new port first listens (up to 30 seconds with STP) and may be blocked for good; veth pairs of containers gain nothing by it.',
  },
  ({ name, stp, rstp }) =>
    stp || rstp
      ? {
          level: 'warn',
          said: `The bridge ${name} runs ${rstp ? 'RSTP' : 'STP'}: new ports are silent for seconds, and some may be blocked.`,
          evidence: [`ovs-vsctl get Bridge ${name} ${rstp ? 'rstp' : 'stp'}_enable: true`],
          fix: typed(`ovs-vsctl set Bridge ${name} ${rstp ? 'rstp' : 'stp'}_enable=false`),
        }
      : undefined,
)

export const openflow = ofBridges(
  {
    id: 'bridge.openflow',
    title: 'the tools can speak to each bridge',
    about:
      'protocols limits the versions of OpenFlow. Without OpenFlow10 plain ovs-ofctl is refused (it needs -O OpenFlow13), and br-int without OpenFlow13 or 15 cannot be filled by ovn-controller.',
  },
  ({ name, protocols, controllers }) => {
    if (protocols.length === 0 || name === INTEGRATION_BRIDGE || controllers.length > 0) return undefined
    return protocols.includes('OpenFlow10')
      ? undefined
      : {
          level: 'warn',
          said: `The bridge ${name} speaks ${protocols.join(', ')} only: ovs-ofctl without -O is refused.`,
          evidence: [`ovs-vsctl get Bridge ${name} protocols: ${protocols.join(' ')}`],
          fix: typed(
            `ovs-ofctl -O ${protocols.at(-1) ?? ''} dump-flows ${name}`,
            `ovs-vsctl clear Bridge ${name} protocols`,
          ),
        }
  },
)

export const datapaths: Check = {
  id: 'bridge.datapaths',
  title: 'all bridges that are joined have one datapath',
  about:
    'A patch port joins two bridges only when both are of one datapath type: between a system and a netdev bridge nothing passes, and nothing says so.',
  needs: ['ovs.datapath'],
  run: async (patient) => {
    const ports = await patient.ports()
    const bridgeOf = new Map(ports.map(({ interface: row, bridge }) => [row.name, bridge]))
    const troubles = ports.flatMap(({ interface: row, bridge }): Trouble[] => {
      const peer = row.type === 'patch' ? bridgeOf.get(row.options['peer'] ?? '') : undefined
      // Each pair once.
      if (peer === undefined || peer.datapathType === bridge.datapathType || peer.name < bridge.name) return []
      return [
        {
          ...{ level: 'fail', subject: `bridge ${bridge.name}` },
          said: `${bridge.name} (${bridge.datapathType}) and ${peer.name} (${peer.datapathType}) are joined, but have different datapaths: nothing passes.`,
          evidence: [
            `ovs-vsctl get Interface ${row.name} options:peer: ${row.options['peer'] ?? ''}`,
            `ovs-vsctl get Bridge ${peer.name} datapath_type: ${peer.datapathType}`,
          ],
          fix: typed(`ovs-vsctl set Bridge ${peer.name} datapath_type=${bridge.datapathType}`),
        },
      ]
    })
    return orOk(troubles, 'no bridges of different kinds are joined')
  },
}

export const patches: Check = {
  id: 'bridge.patch',
  title: 'each patch port has its other half',
  about:
    'A patch port leads to the port that its option peer names. When that is missing, or names another one, nothing passes.',
  needs: ['ovs.vswitchd'],
  run: async (patient) => {
    const ports = (await patient.ports()).filter(({ interface: row }) => row.type === 'patch')
    const peerOf = new Map(ports.map(({ interface: row }) => [row.name, row.options['peer'] ?? '']))
    const troubles = ports
      .filter(({ interface: row }) => peerOf.get(row.options['peer'] ?? '') !== row.name)
      .map(({ interface: row, bridge }): Trouble => ({
        ...{ level: 'fail', subject: `port ${row.name}` },
        said: `The patch port ${row.name} of ${bridge.name} has no other half: nothing leads back from ${row.options['peer'] ?? 'a port that is not named'}.`,
        evidence: [
          `ovs-vsctl get Interface ${row.name} options:peer: ${row.options['peer'] ?? 'not set'}`,
          ...(row.error === '' ? [] : [`ovs-vsctl get Interface ${row.name} error: ${row.error}`]),
        ],
        fix: typed(`ovs-vsctl del-port ${bridge.name} ${row.name}`),
      }))
    return orOk(troubles, count(ports.length, 'patch port'))
  },
}
