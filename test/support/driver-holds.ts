// What has to be true of Docker's networks of the driver whenever things are quiet, while their containers are there: I1 to I3, I5 and I6.
// What is wanted is what Docker says; what is there is what Open vSwitch and the kernel say, and what ovsd says of both.
import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import type { Inventoried } from '../../src/lib/attach/inventory.ts'
import type { NetworkResult } from '../../src/lib/network/describe.ts'
import { DEFAULT_BRIDGE } from '../../src/lib/network/spec.ts'
import { listed } from './attachments.ts'
import { insideSeen, type InterfaceSeen } from './inside-seen.ts'
import { json } from './ovsd.ts'
import { ownPortsSeen, type PortSeen } from './ovs-rows.ts'
import { tool } from './tool.ts'

/** Where neither a network nor tunnels say another. */
const USUAL_MTU = 1500

interface DockersEndpoint {
  readonly EndpointID: string
  readonly NetworkID: string
  readonly Gateway: string
  readonly IPv6Gateway: string
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
  const networks = all.filter(
    (one) => 'Driver' in one && /(^|\/)ovsd(:|$)/.test(one.Driver),
  ) as readonly DockersNetwork[]
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
  const told = new Map(listed().map((one) => [one.port, one]))
  const { networks: described } = json('net', 'ls') as { networks: readonly NetworkResult[] }
  const mtus = new Map(described.map(({ network, mtu }) => [network, mtu ?? USUAL_MTU]))
  const wanted = containers.flatMap((container) => {
    const mine = Object.values(container.NetworkSettings.Networks).flatMap((endpoint) => {
      const network = networks.get(endpoint.NetworkID)
      return network === undefined ? [] : [{ network, endpoint }]
    })
    checkContainer(container, mine, { ports, told, mtus })
    return mine
  })
  checkPorts(ports, containers, new Set(wanted.map(({ endpoint }) => endpoint.EndpointID)))
  checkLinks(ports)
  checkUnique(wanted.map(({ endpoint }) => endpoint))
  checkTags(ports)
}

interface Found {
  readonly ports: readonly PortSeen[]
  /** What `ovsd list` says, by port. */
  readonly told: ReadonlyMap<string, Inventoried>
  /** What `ovsd net ls` says, by network. */
  readonly mtus: ReadonlyMap<string, number>
}

interface Wanted {
  readonly network: DockersNetwork
  readonly endpoint: DockersEndpoint
}

/** I1: each interface that Docker says has one port, as its network wants it, and is inside with what Docker says. */
function checkContainer(container: DockersContainer, wanted: readonly Wanted[], { ports, told, mtus }: Found): void {
  if (wanted.length === 0) return
  const inside = [...insideSeen(`/proc/${String(container.State.Pid)}/ns/net`)]
  const isOnly = Object.keys(container.NetworkSettings.Networks).length === 1
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
    const row = told.get(port.port)
    assert.deepEqual(
      { what, up: link.up, mac: link.mac, mtu: link.mtu },
      { what, up: true, mac: endpoint.MacAddress, mtu: mtus.get(network.Id.slice(0, 12)) },
    )
    if (!isLeased(network)) checkRoutes(what, link, { network, endpoint }, isOnly)
    const known = isLeased(network) ? link.addresses : addressesOf(endpoint)
    assert.deepEqual({ what, addresses: link.addresses }, { what, addresses: known })
    // Told by the engine a moment later: nothing, or what is true.
    const { ovsd_id: id = container.Id, container_iface: name = iface } = port.ids
    if (port.ids['ovsd_id'] !== undefined) assert.deepEqual({ what, id, name }, { what, id: container.Id, name: iface })
    checkTold(what, row, port, { container, network, endpoint, addresses: known })
  }
  const isOnlyOurs = Object.keys(container.NetworkSettings.Networks).length === wanted.length
  if (isOnlyOurs && !wanted.some(({ network }) => isLeased(network)))
    checkWaysOut(
      container,
      wanted,
      inside.map(([, link]) => link),
    )
}

/** I1: what the network says, and the ways out that Docker has of this endpoint; nothing else. Of several networks one may have taken a route over. */
function checkRoutes(what: string, { routes }: InterfaceSeen, { network, endpoint }: Wanted, isOnly: boolean): void {
  const isDefault = (route: string): boolean => /^(0\.0\.0\.0|::)\/0,/.test(route)
  const named = (network.Options?.['routes'] ?? '')
    .replaceAll(/ +via +/g, ',')
    .split(/[ ;]+/)
    .filter(Boolean)
  const found = routes.filter((one) => !isDefault(one))
  const expected = isOnly ? named : named.filter((one) => found.includes(one))
  assert.deepEqual({ what, routes: found }, { what, routes: expected.sort() })
  const ways = [`0.0.0.0/0,${endpoint.Gateway}`, `::/0,${endpoint.IPv6Gateway}`]
  assert.deepEqual(
    { what, strange: routes.filter((one) => isDefault(one) && !ways.includes(one)) },
    { what, strange: [] },
  )
}

/** I1: a container has one way out for each IP version in which a network of it has one. */
function checkWaysOut(
  { Name: name }: DockersContainer,
  wanted: readonly Wanted[],
  links: readonly InterfaceSeen[],
): void {
  const routes = links.flatMap((link) => link.routes)
  for (const [any, key] of [
    ['0.0.0.0/0,', 'Gateway'],
    ['::/0,', 'IPv6Gateway'],
  ] as const) {
    const count = wanted.some(({ endpoint }) => endpoint[key] !== '') ? 1 : 0
    const found = routes.filter((route) => route.startsWith(any))
    assert.equal(found.length, count, `${name.slice(1)} has the default routes ${found.join(' and ') || 'none'}`)
  }
}

/** I6: `ovsd list` says the same. */
function checkTold(
  what: string,
  row: Inventoried | undefined,
  { port, bridge, tag, ids }: PortSeen,
  known: Wanted & { readonly container: DockersContainer; readonly addresses: readonly string[] },
): void {
  const { container, network, endpoint, addresses } = known
  assert.ok(row !== undefined, `${what}: ovsd list has no row of ${port}`)
  const isKnown = ids['ovsd_id'] !== undefined
  assert.deepEqual(
    {
      ...{ what, bridge: row.bridge, state: row.state, reason: row.reason, network: row.network, mac: row.mac },
      ...{ vlan: row.vlan, addresses: [...row.addresses].sort() },
      ...(isKnown && { id: row.containerId, name: row.container }),
    },
    {
      ...{ what, bridge, state: 'ok', reason: '', network: network.Id.slice(0, 12), mac: endpoint.MacAddress },
      ...{ vlan: String(tag ?? 0), addresses },
      ...(isKnown && { id: container.Id, name: container.Name.slice(1) }),
    },
  )
}

/** Another server gives addresses and routes there: Docker knows of none. */
const isLeased = ({ IPAM }: DockersNetwork): boolean => IPAM.Driver === 'null'

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
