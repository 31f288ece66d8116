import { insideOf } from '../attachments-seen.ts'
import { runs, runsInside, typed } from '../fixes.ts'
import { quote } from '../../system/command.ts'
import type { Judge } from './judge.ts'

export const mtu: Judge = {
  id: 'port.mtu',
  title: 'both ends of each pair have the MTU that was set',
  about:
    'Where the ends of a pair differ, or are not what was set, large frames are lost without a word, and small ones pass: ping works, downloads hang.',
  find: (port) => {
    const [inside, { link }] = [insideOf(port), port]
    if (link === undefined) return undefined
    const wanted = port.marks.spec?.mtu ?? inside?.mtu ?? link.mtu
    const there = inside?.mtu ?? wanted
    if (link.mtu === wanted && there === wanted) return undefined
    const path = port.life.path ?? ''
    const set = (dev: string): { readonly tool: 'ip'; readonly args: readonly string[] } => ({
      tool: 'ip',
      args: ['link', 'set', 'dev', dev, 'mtu', String(wanted)],
    })
    return {
      level: 'fail',
      said:
        there === link.mtu
          ? `The MTU is ${String(link.mtu)}, not ${String(wanted)} as was set.`
          : `The MTU is ${String(link.mtu)} on the host and ${String(there)} in the container.`,
      evidence: [
        `ip link show dev ${link.name}: mtu ${String(link.mtu)}`,
        ...(inside === undefined
          ? []
          : [`nsenter --net=${path} ip link show dev ${inside.name}: mtu ${String(inside.mtu)}`]),
        `ovs-vsctl get Interface ${link.name} external_ids:ovsd_spec: mtu ${port.marks.spec?.mtu === null ? 'the default' : String(wanted)}`,
      ],
      // What was set is put back; where nothing was, nobody knows which end is right.
      fix:
        (port.marks.spec?.mtu ?? null) === null
          ? typed(`ip link set dev ${link.name} mtu ${String(there)}`)
          : there === wanted
            ? runs('link.mtu', port.subject, set(link.name))
            : runsInside('link.mtu', path, port.subject, set(inside?.name ?? '')),
    }
  },
}

export const tunnelMtu: Judge = {
  id: 'port.mtu-tunnel',
  title: 'frames of each port fit into the tunnels of its network',
  about:
    'A VXLAN tunnel puts 50 bytes around each frame (70 over IPv6). A container whose MTU does not leave that room sends packets that the underlay drops or has to cut. The room is that of the device by which this host gets to the others; what lies further on may carry less.',
  find: (port) => {
    const { network, link, room } = port
    const mtuInside = insideOf(port)?.mtu ?? link?.mtu
    if (network === undefined || room === undefined || mtuInside === undefined || mtuInside <= room.bytes)
      return undefined
    const most = String(room.bytes)
    return {
      level: 'warn',
      said: `The MTU ${String(mtuInside)} leaves no room for the tunnel to ${room.remote}: by ${room.dev}, which carries ${String(room.mtu)} bytes, it is ${most} at most.`,
      evidence: [
        `ip route get ${room.remote}: dev ${room.dev}, mtu ${String(room.mtu)}`,
        `nsenter --net=${port.life.path ?? ''} ip link show dev ${port.marks.iface}: mtu ${String(mtuInside)}`,
      ],
      fix: typed(
        `ip link set dev ${link?.name ?? ''} mtu ${most}; nsenter --net=${port.life.path ?? ''} ip link set dev ${quote(port.marks.iface)} mtu ${most}`,
        `# and for containers to come: ovsd net create … --mtu=${most}`,
      ),
    }
  },
}
