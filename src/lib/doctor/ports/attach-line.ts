import { describeVlan } from '../../net/vlan.ts'
import { shellLine } from '../../system/command.ts'
import type { AttachmentSeen } from '../attachments-seen.ts'

/** What a person types to have the interface of a port again, as it was declared: it is taken away first. */
export function attachLine({ where, marks, life }: AttachmentSeen): readonly string[] {
  const { bridge, port } = where
  const who = life.name ?? (marks.container || marks.name)
  if (marks.owner === 'watch') return ['ovsd watch --once']
  if (marks.owner === 'plugin') return [`docker restart ${who}`]
  const target = marks.netns === '' ? [who] : [who, `--netns=${marks.netns}`]
  const quoted = (words: readonly string[]): string => shellLine({ tool: 'ip', args: words }).replace(/^ip /, 'ovsd ')
  if (marks.owner === 'net')
    return [
      quoted(['net', 'disconnect', marks.network, ...target]),
      quoted([
        'net',
        'connect',
        marks.network,
        ...target,
        ...(marks.spec?.addresses ?? []).map((one) => `--ip=${one.replace(/\/.*/, '')}`),
      ]),
    ]
  const { addresses = [], gateways = [], mtu = null, mac } = marks.spec ?? {}
  const vlan = port.vlan.kind === 'access' && port.vlan.tag > 0 ? [`--vlan=${String(port.vlan.tag)}`] : []
  const trunks = port.vlan.kind === 'trunk' ? [`--trunks=${describeVlan(port.vlan)}`] : []
  return [
    quoted(['del-port', bridge.name, marks.iface, who]),
    quoted([
      ...['add-port', bridge.name, marks.iface, ...target],
      ...addresses.map((one) => `--ipaddress=${one}`),
      ...gateways.map((one) => `--gateway=${one}`),
      ...(mac === undefined ? [] : [`--macaddress=${mac}`]),
      ...(mtu === null ? [] : [`--mtu=${String(mtu)}`]),
      ...vlan,
      ...trunks,
    ]),
  ]
}
