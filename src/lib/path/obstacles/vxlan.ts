// Networks of plain Open vSwitch with tunnels to other hosts.
import { segment } from '../../attach/taken.ts'
import { othersThan, type Network } from '../../network/networks.ts'
import { roomTo } from '../../network/underlay.ts'
import { tunnels } from '../../plan/parts/tunnels.ts'
import type { Case, Obstacle } from '../case.ts'
import { probeFromHost } from '../probe.ts'

/** The network that A sends into, if it has tunnels, and B may be at the other end of one. */
async function tunnelled({ patient, pair: { source, destination }, way }: Case): Promise<Network | undefined> {
  if (source === undefined || destination.port !== undefined || way === undefined || way.via !== undefined)
    return undefined
  const { bridge, port } = source.where
  const networks = (await patient.networks()).filter((one): one is Network => 'spec' in one)
  return networks.find(
    ({ spec }) => spec.vxlan !== undefined && spec.bridge === bridge.name && (spec.vlan ?? 0) === segment(port.vlan),
  )
}

/** A tunnel is missing, or the host that it leads to does not answer. */
export async function vxlanDown(all: Case): Promise<Obstacle | undefined> {
  const network = await tunnelled(all)
  if (network?.spec.vxlan === undefined) return undefined
  const { patient, pair } = all
  const name = network.title ?? network.name
  const others = othersThan(network.spec, await patient.networks())
  const missing = await tunnels.missing(patient.host, network.spec, { others })
  if (missing.length > 0)
    return {
      ...{ cause: 'tunnel', check: 'network.parts', fix: ['ovsd doctor --fix --yes --only=network.parts'] },
      said: `the tunnels of the network ${name} are not whole: ${missing.join('; ')}`,
    }
  const icmp = { kind: 'icmp' } as const
  const answers = await Promise.all(
    network.spec.vxlan.remotes.map(async ({ text }) =>
      (await probeFromHost(patient.host, text, icmp)) === 'silent' ? [text] : [],
    ),
  )
  const silent = answers.flat()
  const [first] = silent
  if (first === undefined) return undefined
  return {
    ...{ cause: 'tunnel', isByElimination: true },
    said: `${pair.destination.address} is on no port of this host, and ${silent.join(' and ')}, where ${silent.length === 1 ? 'a tunnel of the network' : 'tunnels of the network'} ${name} ${silent.length === 1 ? 'leads' : 'lead'}, ${silent.length === 1 ? 'does' : 'do'} not answer`,
    fix: [`ip route get ${first}`, `ovsd net inspect ${network.name}`],
  }
}

/** What fits into the narrowest tunnel, in bytes, when that is less. */
export async function roomInVxlan(
  all: Case,
  bytes: number,
): Promise<{ readonly mtu: number; readonly said: string } | undefined> {
  const network = await tunnelled(all)
  const room = await roomTo(all.patient.host, network?.spec.vxlan?.remotes ?? [])
  if (room === undefined || room.mtu >= bytes) return undefined
  const { mtu, remote, dev } = room
  const name = network?.title ?? network?.name ?? ''
  return { mtu, said: `the tunnel of the network ${name} to ${remote}, over ${dev}, has room for ${String(mtu)}` }
}
