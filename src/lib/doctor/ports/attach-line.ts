import { compactTrunks, type Vlan } from '../../net/vlan.ts'
import { quote } from '../../system/command.ts'
import type { Spec } from '../../attach/marks.ts'
import { insideOf, type AttachmentSeen } from '../attachments-seen.ts'

/** What a person types to have the interface of a port again, as it was declared: it is taken away first. */
export function attachLine(seen: AttachmentSeen): readonly string[] {
  const { where, marks, life } = seen
  const { bridge, port } = where
  const who = life.name ?? (marks.container || marks.name)
  if (marks.owner === 'watch') return ['ovsd watch --once']
  if (marks.owner === 'plugin')
    return [who === '' ? '# restart the container that it belongs to' : `docker restart ${quote(who)}`]
  const declared = marks.spec ?? asItIs(seen)
  if (declared === undefined || marks.iface === '' || who === '')
    return [`# nobody knows how it was: ovsd show ${quote(port.name)}, and attach it anew as it should be`]
  const target = marks.netns === '' ? [who] : [who, `--netns=${marks.netns}`]
  const quoted = (...words: readonly string[]): string => ['ovsd', ...words].map(quote).join(' ')
  if (marks.owner === 'net')
    return [
      quoted('net', 'disconnect', marks.network, ...target),
      quoted(
        ...['net', 'connect', marks.network, ...target],
        ...declared.addresses.map((one) => `--ip=${one.replace(/\/.*/, '')}`),
      ),
    ]
  const { addresses, gateways, routes, mtu, mac } = declared
  return [
    quoted('del-port', bridge.name, marks.iface, who),
    quoted(
      ...['add-port', bridge.name, marks.iface, ...target],
      ...addresses.map((one) => `--ipaddress=${one}`),
      ...gateways.map((one) => `--gateway=${one}`),
      ...routes.map(({ to, via }) => `--route=${to}${via === undefined ? '' : `,${via}`}`),
      ...(mac === '' ? [] : [`--macaddress=${mac}`]),
      ...(mtu === null ? [] : [`--mtu=${String(mtu)}`]),
      ...vlanFlags(port.vlan),
      ...(marks.tenant === '' ? [] : [`--tenant=${marks.tenant}`]),
      ...(marks.persist ? ['--persist'] : []),
    ),
  ]
}

/** What an interface has now, for one of which nothing can be read any more; undefined when nobody can look. */
function asItIs(seen: AttachmentSeen): Spec | undefined {
  const inside = insideOf(seen)
  if (inside === undefined) return undefined
  const gateways = seen.routes.flatMap(({ to, via, dev }) =>
    via !== undefined && dev === inside.name && to === 'default' ? [via] : [],
  )
  return { addresses: inside.addresses, gateways, routes: [], mac: inside.mac, mtu: inside.mtu }
}

function vlanFlags(vlan: Vlan): readonly string[] {
  switch (vlan.kind) {
    case 'none':
      return []
    case 'access':
      return vlan.tag === 0 ? [] : [`--vlan=${String(vlan.tag)}`]
    case 'trunk':
      return [`--trunks=${compactTrunks(vlan.trunks)}`]
    case 'native':
      return [
        `--native-vlan=${String(vlan.tag)}`,
        ...(vlan.trunks.length === 0 ? [] : [`--trunks=${compactTrunks(vlan.trunks)}`]),
      ]
  }
}
