import { endpointTarget, isIdle, linksOf } from '../attach/endpoint.ts'
import type { Attachment, Target } from '../attach/attachment.ts'
import { readMarks, type Marks } from '../attach/marks.ts'
import { targetOf } from '../attach/target.ts'
import { missesClient } from '../dhcp/client.ts'
import { parseBridge, type IfName } from '../net/ifname.ts'
import { linkExists } from '../net/links.ts'
import { parseMac } from '../net/mac.ts'
import type { Host } from '../host.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { dhcpStart } from '../plan/steps/dhcp-start.ts'
import { linkAutoconf } from '../plan/steps/link-autoconf.ts'
import type { ReversibleStep } from '../plan/step.ts'
import type { Chore, Due } from '../reconcile/upkeep.ts'
import { openNetns, type Netns } from '../system/netns.ts'

/**
 * Endpoints in networks whose addresses come from a DHCP server: their clients are started as soon as it is known which containers they
 * are of, since only then there is a namespace, and again when they are gone. Docker knows nothing of what they get. The engine is asked before there is
 * a plan: under the host-wide lock it might be waiting for a call that waits for this. Errors: DockerUnreachable, DockerRefused.
 */
export const dhcpEndpoints: Chore = async (host) => {
  if (!host.isDefaultDatabase) return []
  const missing = await withoutClient(host)
  const found = await Promise.all(
    missing.map(async (one) => ({ ...one, container: await host.docker.find(one.marks.id) })),
  )
  return found.flatMap(({ where, marks, container }) =>
    container?.running === true && container.generation === marks.generation
      ? [dueFor(host, { where, marks }, targetOf(container).netnsPath)]
      : [],
  )
}

function dueFor(host: Host, { where, marks }: Missing, netnsPath: string): Due {
  const { endpoint, generation, iface, name } = marks
  return {
    about: `endpoint ${endpoint.slice(0, 12)}`,
    why: [`${iface} of ${name} has no DHCP client`],
    async plan() {
      // As long as the endpoint is there, and in use, its container lives.
      const still = (await withoutClient(host)).some(
        (one) => one.marks.endpoint === endpoint && one.marks.generation === generation,
      )
      if (!still) return undefined
      const target: Target = { ...endpointTarget(endpoint), typed: name, name, netnsPath }
      const title = `Get an address for ${iface} of ${name} by DHCP`
      return { onFailure: 'unwind', title, stages: [[clientStart(host, attachmentOf(where, marks, target))]] }
    },
  }
}

interface Missing {
  readonly where: PortOnBridge
  readonly marks: Marks
}

async function withoutClient(host: Host): Promise<readonly Missing[]> {
  const rows = (await host.ovs.interfaces([{ has: { ovsd_owner: 'plugin', ovsd_dhcp: '1' } }])).flat()
  const found = await host.ovs.locate(rows.filter(({ name, externalIds }) => missesClient(name, externalIds)))
  return found
    .map((where) => ({ where, marks: readMarks(where.interface.externalIds) }))
    .filter(
      ({ marks: { endpoint, id } }) =>
        endpoint !== '' && id !== '' && linkExists(linksOf(endpoint).port) && !isIdle(endpoint),
    )
}

function attachmentOf({ bridge, port }: PortOnBridge, { iface, spec }: Marks, target: Target): Attachment {
  return {
    ...{
      bridge: parseBridge(bridge.name, 'bridge'),
      iface: iface as IfName,
      target,
      addresses: [],
      gateways: [],
      routes: [],
    },
    ...{
      mac: parseMac(spec?.mac ?? '', 'ovsd_spec'),
      mtu: spec?.mtu ?? undefined,
      vlan: port.vlan,
      owner: 'plugin',
      dhcp: true,
    },
  }
}

/** The namespace is opened when it is needed: a plan has no end at which it could be closed. */
function clientStart(host: Host, attachment: Attachment): ReversibleStep {
  const { iface, target } = attachment
  const port = linksOf(target.id).port
  const within = async (work: (netns: Netns) => Promise<void>): Promise<void> => {
    using netns = openNetns(target.netnsPath, target.name)
    await work(netns)
  }
  return {
    id: 'dhcp.start',
    title: `Start the DHCP client of ${iface} of ${target.name}`,
    leaves: `DHCP client of ${iface} of ${target.name}`,
    keeps: `the DHCP client of ${iface} of ${target.name} keeps running`,
    commands: () => [],
    isDone: async () => !(await withoutClient(host)).some(({ marks }) => marks.endpoint === target.id),
    apply: (signal) =>
      within(async (netns) => {
        await linkAutoconf(host, attachment, netns).apply(signal)
        // Nobody waits for what the server says: the client asks until it has an answer.
        await dhcpStart(host, attachment, netns, { port, isRepair: true, atOnce: true }).apply(signal)
      }),
    undo: () => Promise.resolve(),
  }
}
