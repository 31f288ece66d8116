import { readMarks } from '../../attach/marks.ts'
import { orOk, type Check, type Trouble } from '../check.ts'
import { runs, typed } from '../fixes.ts'
import { count, linkDown } from '../words.ts'

export const uplink: Check = {
  id: 'bridge.uplink',
  title: 'each NIC that a bridge has is up and has a carrier',
  about:
    'A bridge reaches the world by a device of the host. When that is down, or nothing is plugged in, containers reach each other and nobody else.',
  needs: ['ovs.vswitchd'],
  run: async (patient) => {
    const [ports, links] = await Promise.all([patient.ports(), patient.links()])
    // What is no attachment and no link that Open vSwitch has made itself came from the host.
    const uplinks = ports.filter(({ interface: row, port, bridge }) => {
      const { ours, part, container } = readMarks(row.externalIds)
      return row.type === '' && port.name !== bridge.name && container === '' && (!ours || part === 'uplink')
    })
    const troubles = uplinks.flatMap(({ interface: row, bridge }): Trouble[] => {
      const link = links.get(row.name)
      if (link === undefined)
        return [
          {
            ...{
              level: 'fail',
              subject: `port ${row.name}`,
              said: `The host has no link ${row.name}, which is a port of ${bridge.name}.`,
            },
            evidence: [
              `ip link show dev ${row.name}: does not exist`,
              ...(row.error === '' ? [] : [`ovs-vsctl get Interface ${row.name} error: ${row.error}`]),
            ],
            fix: typed(`ovs-vsctl del-port ${bridge.name} ${row.name}   # if it is not to come back`),
          },
        ]
      if (link.isUp && link.hasCarrier) return []
      return [
        {
          // What has no carrier may be a member of a bond, or a tap that nobody uses yet.
          ...{ level: link.isUp ? 'warn' : 'fail', subject: `port ${row.name}` },
          said: link.isUp
            ? `${row.name}, a port of ${bridge.name}, has no carrier: nothing is at its other end.`
            : `${row.name}, a port of ${bridge.name}, is down.`,
          evidence: [link.isUp ? `ip link show dev ${row.name}: NO-CARRIER` : linkDown(row.name)],
          fix: link.isUp
            ? typed(`# Look at the cable, or the switch port, of ${row.name}: ethtool ${row.name}`)
            : readMarks(row.externalIds).part === 'uplink'
              ? runs('link.up', `${row.name} is down`, { tool: 'ip', args: ['link', 'set', 'dev', row.name, 'up'] })
              : // Somebody else's may be down on purpose.
                typed(`ip link set dev ${row.name} up`),
        },
      ]
    })
    return orOk(troubles, count(uplinks.length, 'NIC'))
  },
}
