// What has to be true of Docker's networks of the driver whenever things are quiet, while their containers are there: I1 to I3 and I5.
// What is wanted is what Docker says; what is there is what Open vSwitch and the kernel say.
import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { DEFAULT_BRIDGE } from '../../src/lib/network/spec.ts'
import { linksSeen } from './inside-seen.ts'
import { ownPortsSeen, type PortSeen } from './ovs-rows.ts'
import { tool } from './tool.ts'

interface DockersEndpoint {
  readonly EndpointID: string
  readonly NetworkID: string
  readonly IPAddress: string
  readonly IPPrefixLen: number
  readonly GlobalIPv6Address: string
  readonly GlobalIPv6PrefixLen: number
  readonly MacAddress: string
}
interface DockersContainer {
  readonly Id: string
  readonly Name: string
  readonly State: { readonly Pid: number; readonly StartedAt: string }
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, DockersEndpoint>> }
}
interface DockersNetwork {
  readonly Id: string
  readonly Name: string
  readonly Driver: string
  readonly Options: Readonly<Record<string, string>> | null
  readonly IPAM: { readonly Driver: string }
}

/** Two questions side by side, and one for all that they found: docker(1) takes longer to start than to ask. */
const ASK = `
networks=$(mktemp); trap 'rm "$networks"' EXIT
docker network ls --quiet --no-trunc >"$networks" &
containers=$(docker ps --quiet --no-trunc); wait $!
docker inspect $containers $(cat "$networks")`

interface Docker {
  readonly containers: readonly DockersContainer[]
  readonly networks: ReadonlyMap<string, DockersNetwork>
}

function docker(): Docker {
  const all = JSON.parse(tool('sh', '-ec', ASK)) as readonly (DockersContainer | DockersNetwork)[]
  const networks = all.filter((one) => 'Driver' in one && one.Driver.startsWith('ovsd')) as readonly DockersNetwork[]
  return {
    containers: all.filter((one): one is DockersContainer => 'State' in one),
    networks: new Map(networks.map((one) => [one.Id, one])),
  }
}

/** Looks until all of it is true; `seconds`: how long that may take. Error: what is not, by name. */
export function driverHolds({ seconds = 10 } = {}): void {
  const end = performance.now() + seconds * 1000
  for (;;) {
    try {
      check()
      return
    } catch (error) {
      if (performance.now() > end) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    }
  }
}

function check(): void {
  const { containers, networks } = docker()
  const ports = ownPortsSeen()
  const wanted = containers.flatMap((container) => {
    const mine = Object.values(container.NetworkSettings.Networks).flatMap((endpoint) => {
      const network = networks.get(endpoint.NetworkID)
      return network === undefined ? [] : [{ network, endpoint }]
    })
    checkContainer(container, mine, ports)
    return mine
  })
  checkPorts(ports, containers, new Set(wanted.map(({ endpoint }) => endpoint.EndpointID)))
  checkLinks(ports)
  checkUnique(wanted.map(({ endpoint }) => endpoint))
  checkTags(ports)
}

interface Wanted {
  readonly network: DockersNetwork
  readonly endpoint: DockersEndpoint
}

/** I1: each interface that Docker says has one port, as its network wants it, and is inside with what Docker says. */
function checkContainer(container: DockersContainer, wanted: readonly Wanted[], ports: readonly PortSeen[]): void {
  if (wanted.length === 0) return
  const inside = [...linksSeen(`/proc/${String(container.State.Pid)}/ns/net`)]
  for (const { network, endpoint } of wanted) {
    const what = `${container.Name.slice(1)} in ${network.Name}`
    const [port, ...more] = ports.filter(({ ids }) => ids['ovsd_endpoint'] === endpoint.EndpointID)
    assert.ok(
      port !== undefined && more.length === 0,
      `${what} has ${port === undefined ? 'no port' : 'several ports'}`,
    )
    checkPort(what, port, { network, endpoint }, container)
    const [iface, link] =
      inside.find(([, { peer }]) => peer === indexOf(port.port)) ?? assert.fail(`${what}: ${port.port} leads nowhere`)
    const mtu = network.Options?.['mtu'] ?? network.Options?.['net.gopher.ovs.bridge.mtu']
    assert.deepEqual(
      { what, up: link.up, mac: link.mac, mtu: link.mtu },
      { what, up: true, mac: endpoint.MacAddress, mtu: Number(mtu ?? link.mtu) },
    )
    // With another server of addresses Docker knows of none.
    const known = network.IPAM.Driver === 'null' ? link.addresses : addressesOf(endpoint)
    assert.deepEqual({ what, addresses: link.addresses }, { what, addresses: known })
    // Told by the engine a moment later: nothing, or what is true.
    const { ovsd_id: id = container.Id, container_iface: name = iface } = port.ids
    if (port.ids['ovsd_id'] !== undefined) assert.deepEqual({ what, id, name }, { what, id: container.Id, name: iface })
  }
}

const addressesOf = (one: DockersEndpoint): readonly string[] =>
  [
    ...(one.IPAddress === '' ? [] : [`${one.IPAddress}/${String(one.IPPrefixLen)}`]),
    ...(one.GlobalIPv6Address === '' ? [] : [`${one.GlobalIPv6Address}/${String(one.GlobalIPv6PrefixLen)}`]),
  ].sort()

const indexOf = (link: string): number => {
  try {
    return Number(readFileSync(`/sys/class/net/${link}/ifindex`, 'utf8'))
  } catch {
    return assert.fail(`the link ${link} is gone`)
  }
}

function checkPort(what: string, port: PortSeen, { network, endpoint }: Wanted, { Id: id }: DockersContainer): void {
  const options = network.Options ?? {}
  const { ofport = 0, error, ids, tag } = port
  assert.ok(ofport > 0 && error === '', `${what}: ofport ${String(ofport)}, error ${error}`)
  const isLogical = ids['iface-id'] !== undefined
  const bridge = options['bridge'] ?? options['net.gopher.ovs.bridge.name'] ?? DEFAULT_BRIDGE
  const vlan = options['vlan']
  const spec = JSON.parse(ids['ovsd_spec'] ?? '{}') as { addresses?: readonly string[]; mac?: string }
  assert.deepEqual(
    {
      ...{ what, bridge: port.bridge, tag, owner: ids['ovsd_owner'], network: ids['ovsd_network'] },
      ...{ tenant: ids['ovsd_tenant'], mac: spec.mac, id: ids['ovsd_id'] ?? id },
      ...{ isLogical, addresses: [...(spec.addresses ?? [])].sort() },
    },
    {
      ...{ what, bridge: isLogical ? 'br-int' : bridge, tag: vlan === undefined || isLogical ? tag : Number(vlan) },
      ...{
        owner: 'plugin',
        network: network.Id.slice(0, 12),
        tenant: options['tenant_id'],
        mac: endpoint.MacAddress,
        id,
      },
      ...{ isLogical: (options['ovn.switch'] ?? options['ovn.role']) !== undefined, addresses: addressesOf(endpoint) },
    },
  )
}

/** I2: no port of an endpoint that no running container has, and none of an earlier life. */
function checkPorts(
  ports: readonly PortSeen[],
  containers: readonly DockersContainer[],
  endpoints: ReadonlySet<string>,
): void {
  for (const { port, ids } of ports) {
    const { ovsd_endpoint: endpoint, ovsd_id: id, ovsd_part: part, ovsd_netns: netns } = ids
    if (part !== undefined || netns !== undefined) continue
    const whose = `port ${port} of ${ids['ovsd_name'] ?? endpoint ?? id ?? ''}`
    if (endpoint !== undefined) assert.ok(endpoints.has(endpoint), `${whose}: no running container has that endpoint`)
    else {
      const life = containers.find((one) => one.Id === id)?.State.StartedAt
      assert.equal(ids['ovsd_generation'], life, `${whose}, which does not run, or was started again`)
    }
  }
}

/** I3: no end of a pair that is not in use, and no name for a namespace, as ovs-docker made one for each container. */
function checkLinks(ports: readonly PortSeen[]): void {
  const known = new Set(ports.map(({ port }) => port))
  const links = readdirSync('/sys/class/net').filter((name) => /^[0-9a-f]{13}_[lc]$/.test(name))
  assert.deepEqual(
    links.filter((name) => !known.has(name)),
    [],
    'links of ours without a port, or without a container',
  )
  assert.deepEqual(
    namespaces().filter((name) => /^\d+$|^[0-9a-f]{64}$/.test(name)),
    [],
    'names of namespaces',
  )
}

const namespaces = (): readonly string[] => {
  try {
    return readdirSync('/run/netns')
  } catch {
    return []
  }
}

/** I5: no address and no MAC twice in a network. */
function checkUnique(endpoints: readonly DockersEndpoint[]): void {
  const all = endpoints.flatMap((one) =>
    [...addressesOf(one), one.MacAddress].map((value) => `${value} in ${one.NetworkID.slice(0, 12)}`),
  )
  const twice = all.filter((one, i) => all.indexOf(one) !== i)
  assert.deepEqual(twice, [], 'more than once')
}

/** One VLAN in a network, and no other network of the bridge has it. */
function checkTags(ports: readonly PortSeen[]): void {
  const tags = new Map<string, string>()
  for (const { port, bridge, tag = 0, ids } of ports) {
    const { ovsd_network: network, ovsd_endpoint: endpoint } = ids
    if (network === undefined || endpoint === undefined || ids['iface-id'] !== undefined) continue
    for (const [key, value] of [
      [`${network} on ${bridge}`, String(tag)],
      ...(tag === 0 ? [] : [[`VLAN ${String(tag)} of ${bridge}`, network]]),
    ] as const) {
      assert.equal(tags.get(key) ?? value, value, `${port}: ${key}`)
      tags.set(key, value)
    }
  }
}
