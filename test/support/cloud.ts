// Two hosts with engines that are chassis of one central, on the first of them; and the containers that a test starts there.
import { strict as assert } from 'node:assert'
import { runContainer, type Container } from '../../lab/containers.ts'
import { northboundDump } from './ovn.ts'
import { placeOn, type Place } from './place.ts'
import { settingsFile } from './settings-file.ts'
import { underlay, type FarSite, type Site, type Underlay } from './underlay.ts'
import { watchOn, type SiteWatcher } from './watch-on.ts'

type Labels = Readonly<Record<string, string>>

/** A container on one of the hosts, and its network as it was when it was started. */
export type Guest = Container & Place & { readonly site: Site }

/** What the hosts have; after each test nothing is left in the northbound database. */
export class TwoHosts {
  readonly net: Underlay
  readonly near: Site
  readonly far: FarSite
  readonly #empty: string
  readonly #policy = settingsFile('networks: true\n')
  readonly #made: { readonly site: Site; readonly id: string }[] = []
  #held = new AsyncDisposableStack()

  private constructor(net: Underlay, far: FarSite, empty: string) {
    this.net = net
    this.near = net.near
    this.far = far
    this.#empty = empty
  }

  static async start(): Promise<TwoHosts> {
    const net = await underlay(1, { services: 'docker' })
    const [far] = net.far
    assert.ok(far)
    await net.near.ok('ovn', 'bootstrap', '--central=local', `--listen=${net.near.address}`, '--insecure')
    await far.ok('ovn', 'join', `tcp:${net.near.address}`, '--insecure')
    return new TwoHosts(net, far, await northboundDump(net.near))
  }

  /** Takes it all away, each part although another one fails: what stays would be in the way of all later tests. */
  async end(): Promise<void> {
    await using parts = new AsyncDisposableStack()
    parts.use(this.#policy)
    parts.use(this.net)
    for (const [site, ...words] of [
      [this.near, 'teardown', '--delete-data'],
      [this.near, 'leave'],
      [this.far, 'leave'],
    ] as const)
      parts.defer(async () => {
        await site.ok('ovn', ...words)
      })
    parts.use(this.#held)
  }

  /** Ends the daemons, removes containers and networks, and looks whether anything is left. */
  async clear(): Promise<void> {
    await this.#held.disposeAsync()
    this.#held = new AsyncDisposableStack()
    for (const site of this.net.sites) {
      const ids = this.#made.flatMap((one) => (one.site === site ? [one.id] : []))
      if (ids.length > 0) await site.host.exec(['docker', 'rm', '--force', ...ids])
      for (const name of ['blue', 'red']) await site.ovsd('net', 'rm', name, '--force')
      await site.ok('gc')
    }
    this.#made.length = 0
    assert.equal(await northboundDump(this.near), this.#empty)
  }

  /** Runs ovsd on both, one after the other. */
  async both(...words: string[]): Promise<void> {
    for (const site of this.net.sites) await site.ok(...words)
  }

  /** Starts a daemon that lets labels name networks; it ends with the test. */
  async follow(site: Site, ...options: string[]): Promise<SiteWatcher> {
    return this.#held.use(await watchOn(site, `--policy=${this.#policy.path}`, '--resync=5', ...options))
  }

  /** Has something undone when the test ends. */
  defer(work: () => unknown): void {
    this.#held.defer(async () => {
      await work()
    })
  }

  /** Creates containers that do not run yet; gives their ids. */
  async create(site: Site, count: number, labels: Labels): Promise<readonly string[]> {
    const options = Object.entries(labels).map(([key, value]) => `--label=${key}=${value}`)
    const command = `docker create --network=none ${options.join(' ')} busybox /bin/busybox sleep 100000`
    const ids = (await site.run('sh', '-c', `seq ${String(count)} | xargs -I{} -P4 ${command}`)).trim().split('\n')
    this.#made.push(...ids.map((id) => ({ site, id })))
    return ids
  }

  /** Starts one container. */
  async run(site: Site, labels: Labels = {}): Promise<Guest> {
    const container = await runContainer(site.host, { labels: { ...labels } })
    this.#made.push({ site, id: container.id })
    return { ...container, site, ...placeOn(site.host, `/proc/${String(container.pid)}/ns/net`) }
  }

  /** The network of a container as it is now. */
  async placeOf(site: Site, id: string): Promise<Place> {
    const pid = (await site.run('docker', 'inspect', '--format={{.State.Pid}}', id)).trim()
    return placeOn(site.host, `/proc/${pid}/ns/net`)
  }

  /** IPv4 addresses of eth1 of containers, as they are inside; '' for none. */
  async addresses(site: Site, ids: readonly string[]): Promise<readonly string[]> {
    return await Promise.all(
      ids.map(async (id) => {
        const place = await this.placeOf(site, id)
        const { stdout } = await place.run(['ip', '-json', '-4', 'address', 'show', 'dev', 'eth1'])
        const [link] = JSON.parse(stdout || '[]') as { addr_info: { local: string }[] }[]
        return link?.addr_info[0]?.local ?? ''
      }),
    )
  }

  /** What ovn-nbctl prints, without quotes and line ends around it. */
  async nbctl(...words: string[]): Promise<string> {
    return (await this.near.run('ovn-nbctl', ...words)).trim().replaceAll('"', '')
  }

  /** Names of the logical ports of containers. */
  async logicalPorts(): Promise<readonly string[]> {
    const names = await this.nbctl('--bare', '--no-headings', '--columns=name', 'list', 'Logical_Switch_Port')
    return names
      .split('\n')
      .filter((name) => name.startsWith('lsp-'))
      .sort()
  }

  /** The generation that a logical port is for. */
  generationOf(port: string): Promise<string> {
    return this.nbctl('get', 'Logical_Switch_Port', port, 'options:iface-id-ver')
  }

  /** The generation of a running container. */
  async startedAt({ site, id }: Guest): Promise<string> {
    return (await site.run('docker', 'inspect', '--format={{.State.StartedAt}}', id)).trim()
  }
}

/** The logical port of eth1 of a container. */
export const portOf = ({ id }: { readonly id: string }): string => `lsp-${id.slice(0, 12)}-eth1`

/** A network with the name of its switch, over both hosts. */
export const netCreate = (name = 'blue'): string[] => [
  ...['net', 'create', name, `--switch=ls-${name}`, '--subnet=10.0.0.0/24', '--gateway=10.0.0.1'],
]
