// Hosts with an engine, with the driver, and with OVN, broken in one way at a time.
import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { container, netnsOf, type TestContainer } from '../support/containers.ts'
import { killEngine, silent, startEngine } from '../support/engine.ts'
import { comesTrue, OVN_CTL } from '../support/ovn.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { pings } from '../support/outside.ts'
import { temporaryFolder } from '../support/socket-server.ts'
import { tool, toolIn } from '../support/tool.ts'
import { plugin, type Watcher } from '../support/watch.ts'
import { own, zoo, type Fault } from '../support/zoo.ts'

const vsctl = (...args: string[]): string => tool('ovs-vsctl', ...args).trim()
const rowsOf = (...conditions: string[]): string =>
  vsctl('--bare', '--columns=name', 'find', 'Interface', ...conditions)
const portsOf = ({ id }: TestContainer): readonly string[] =>
  rowsOf(`external_ids:ovsd_id=${id}`)
    .split('\n')
    .filter((name) => name !== '')
/** The one of that interface. */
const portOf = ({ id }: TestContainer, iface = 'eth0'): string =>
  rowsOf(`external_ids:ovsd_id=${id}`, `external_ids:container_iface=${iface}`)

/** The host itself, which is the gateway of nat networks, under an address of none of them. */
const OUTSIDE = '203.0.113.9'

interface Engined extends AsyncDisposable {
  /** In two networks of the driver: Docker has it go out by that of the first name. */
  readonly web: TestContainer
  readonly db: TestContainer
  driver: Watcher
}

/** By its command line a driver. A real one in another network namespace would take the ports whose links it does not see. */
function idleDriver(): Disposable {
  const folder = temporaryFolder()
  const script = join(folder.path, 'ovsd')
  writeFileSync(script, '#!/bin/sh\nread line\n', { mode: 0o755 })
  const child = spawn(script, ['plugin'], { stdio: ['pipe', 'ignore', 'ignore'] })
  return {
    [Symbol.dispose]() {
      child.kill('SIGKILL')
      folder[Symbol.dispose]()
    },
  }
}

async function makeEngined(): Promise<Engined> {
  const first = await plugin()
  tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.7.0.0/24', '--opt=vlan=7', 'blue')
  tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.8.0.0/24', '--opt=vlan=8', 'amber')
  const [web, db] = [container('--network=blue'), container()]
  tool('docker', 'network', 'connect', 'amber', web.name)
  tool('ip', 'address', 'add', `${OUTSIDE}/32`, 'dev', 'lo')
  ok('net', 'create', 'green', '--subnet=10.30.0.0/24')
  ok('net', 'connect', 'green', db.name, '--ip=10.30.0.9')
  await comesTrue(() => Promise.resolve(portsOf(web).length === 2), 'the driver knows whose ports they are')
  const world: Engined = {
    ...{ web, db, driver: first },
    async [Symbol.asyncDispose]() {
      for (const one of [web, db]) tool('docker', 'rm', '--force', one.name)
      tool('docker', 'network', 'rm', 'blue', 'amber')
      await world.driver.stop('SIGTERM')
      tool('ip', 'address', 'del', `${OUTSIDE}/32`, 'dev', 'lo')
      ovsd(['gc'])
      ovsd(['net', 'rm', 'green', '--force'])
    },
  }
  return world
}

const inNamespaceOf = ({ name }: TestContainer, ...[program = '', ...words]: readonly string[]): string =>
  toolIn(netnsOf(name), program, ...words)

/** By its default route. */
const goesOut = ({ web }: Engined): boolean => pings(netnsOf(web.name), OUTSIDE)

/** Whether `db` answers the host; where its port is gone, it is connected again, as anybody would do. */
function isBack({ db }: Engined): boolean {
  const answers = (): boolean => pings('/proc/self/ns/net', '10.30.0.9')
  if (answers()) return true
  if (tool('docker', 'inspect', '--format={{.State.Running}}', db.name).trim() !== 'true')
    tool('docker', 'start', db.name)
  return ovsd(['net', 'connect', 'green', db.name, '--ip=10.30.0.9']).status === 0 && answers()
}

/** A file of the store, of a network. */
const copyOf = (folder = join(own.store.settings.folder, 'networks')): string =>
  join(folder, readdirSync(folder).find((name) => name.endsWith('.json')) ?? '')

const ENGINED: readonly Fault<Engined>[] = [
  {
    ...{ name: 'the engine is stopped', check: 'docker.engine', says: /engine does not answer|cannot be reached/ },
    breaks: () => killEngine('SIGKILL'),
    restores: async () => {
      startEngine()
      await pause(500)
    },
  },
  {
    ...{
      name: 'a container was restarted',
      check: 'port.stale',
      says: /left over: its container was restarted/,
    },
    ...{ mends: true, works: isBack, cuts: false },
    breaks: ({ db }) => tool('docker', 'restart', '--time=0', db.name),
  },
  {
    ...{
      name: 'a container was stopped',
      check: 'port.stale',
      says: /left over: its container is not running/,
    },
    ...{ mends: true, works: isBack, cuts: false },
    breaks: ({ db }) => tool('docker', 'stop', '--time=0', db.name),
    restores: ({ db }) => tool('docker', 'start', db.name),
  },
  {
    ...{ name: "a container's port of the driver has no tag any more", check: 'port.untagged', says: /is VLAN 7/ },
    breaks: ({ web }) => vsctl('clear', 'Port', portOf(web), 'tag'),
  },
  {
    ...{
      name: 'the default route that Docker has set is removed',
      check: 'port.default-route',
      says: /^The default route via 10\.8\.0\.1 is missing\.$/,
    },
    ...{ mends: true, works: goesOut },
    breaks: ({ web }) => inNamespaceOf(web, 'ip', 'route', 'del', 'default'),
  },
  {
    ...{
      name: 'the address by which a container of the driver goes out is removed',
      check: 'port.address-gone',
      says: /^10\.8\.0\.2\/24 is missing on eth1\.$/,
    },
    ...{ mends: true, works: goesOut },
    breaks: ({ web }) => inNamespaceOf(web, 'ip', 'address', 'del', '10.8.0.2/24', 'dev', 'eth1'),
  },
  {
    ...{ name: 'a port of a network without a VLAN has a tag', check: 'port.vlan', says: /its network green has none/ },
    breaks: ({ db }) => vsctl('set', 'Port', portsOf(db)[0] ?? '', 'tag=9', 'vlan_mode=access'),
  },
  {
    ...{ name: 'the driver is killed', check: 'own.driver', says: /Nobody answers at/ },
    breaks: ({ driver }) => driver.stop('SIGKILL'),
    restores: async (world) => {
      world.driver = await plugin()
    },
  },
  {
    ...{
      // It refuses to run beside another one of this network namespace.
      name: 'a second driver runs in another network namespace',
      check: 'own.daemons',
      says: /^2 daemons of ovsd work on this database/,
    },
    breaks: (world) => Object.assign(world, { second: idleDriver() }),
    restores: (world) => {
      ;(world as unknown as { second: Disposable }).second[Symbol.dispose]()
    },
  },
  {
    ...{ name: 'the database does not answer', check: 'ovs.database', says: /does not answer/ },
    breaks: (world) => Object.assign(world, { silence: silent('ovsdb-server') }),
    restores: (world) => {
      ;(world as unknown as { silence: Disposable }).silence[Symbol.dispose]()
    },
  },
  {
    ...{ name: 'a file of the store is damaged', check: 'own.store', says: /damaged/ },
    breaks: async () => {
      // The driver writes it anew once it has learnt what Docker calls the network.
      await pause(1000)
      appendFileSync(copyOf(), 'x')
    },
  },
]

interface Clouded extends AsyncDisposable {
  readonly web: TestContainer
}

const nbctl = (...words: string[]): string => tool('ovn-nbctl', ...words).trim()

async function makeClouded(): Promise<Clouded> {
  ok('net', 'create', 'lan', '--switch=ls-lan', '--subnet=10.1.0.0/24')
  const web = container()
  ok('net', 'connect', 'lan', web.name)
  await Promise.resolve()
  return {
    web,
    async [Symbol.asyncDispose]() {
      web[Symbol.dispose]()
      ovsd(['gc'])
      ovsd(['net', 'rm', 'lan', '--force'])
      await Promise.resolve()
    },
  }
}

const isRegistered = (): Promise<boolean> =>
  Promise.resolve(tool('ovn-sbctl', '--bare', '--columns=name', 'list', 'Chassis').includes(systemId()))
const systemId = (): string => vsctl('get', 'Open_vSwitch', '.', 'external_ids:system-id').replaceAll('"', '')

/** While it stands still it does not put its own version back, and keeps its lock. */
const northdPid = (): number => Number(tool('cat', '/run/ovn/ovn-northd.pid'))

const CLOUDED: readonly Fault<Clouded>[] = [
  {
    ...{ name: 'ovn-northd is stopped', check: 'ovn.northd', says: /No ovn-northd is at work/ },
    breaks: async () => {
      const pid = tool('cat', '/run/ovn/ovn-northd.pid').trim()
      tool('ovn-appctl', '-t', 'ovn-northd', 'exit')
      await comesTrue(() => Promise.resolve(!readdirSync('/proc').includes(pid)), 'northd has ended')
    },
    restores: () => tool(OVN_CTL, 'start_northd', '--ovn-manage-ovsdb=no'),
  },
  {
    ...{ name: 'ovn-controller is killed', check: 'ovn.controller', says: /does not run on this host/ },
    breaks: async () => {
      const pid = tool('cat', '/run/ovn/ovn-controller.pid').trim()
      process.kill(Number(pid), 'SIGKILL')
      await comesTrue(() => Promise.resolve(!readdirSync('/proc').includes(pid)), 'it has ended')
    },
    restores: () => tool(OVN_CTL, 'start_controller'),
  },
  {
    ...{ name: 'central is stopped', check: 'ovn.central', says: /database of OVN does not answer/ },
    breaks: () => tool(OVN_CTL, 'stop_ovsdb'),
    restores: async () => {
      tool(OVN_CTL, 'start_ovsdb')
      await comesTrue(isRegistered, 'central is back')
    },
  },
  {
    ...{ name: 'the address of the tunnels is gone', check: 'ovn.encap-ip', says: /does not have 192\.0\.2\.77/ },
    breaks: async (world) => {
      const before = vsctl('get', 'Open_vSwitch', '.', 'external_ids:ovn-encap-ip')
      Object.assign(world, { before })
      vsctl('set', 'Open_vSwitch', '.', 'external_ids:ovn-encap-ip=192.0.2.77')
      await comesTrue(
        () => Promise.resolve(tool('ovn-sbctl', '--bare', '--columns=ip', 'list', 'Encap').includes('192.0.2.77')),
        'it is told',
      )
    },
    restores: (world) =>
      vsctl('set', 'Open_vSwitch', '.', `external_ids:ovn-encap-ip=${(world as unknown as { before: string }).before}`),
  },
  {
    ...{ name: 'there is no way to another host', check: 'ovn.tunnels', says: /has no way to 192\.0\.2\.99/ },
    breaks: async () => {
      tool('ovn-sbctl', 'chassis-add', 'other', 'geneve', '192.0.2.99')
      await comesTrue(
        () => Promise.resolve(vsctl('--bare', '--columns=options', 'list', 'Interface').includes('192.0.2.99')),
        'the tunnel is made',
      )
    },
    restores: async () => {
      tool('ovn-sbctl', 'chassis-del', 'other')
      await comesTrue(
        () => Promise.resolve(!vsctl('--bare', '--columns=options', 'list', 'Interface').includes('192.0.2.99')),
        'the tunnel is gone',
      )
    },
  },
  {
    ...{ name: 'northd is of another version', check: 'ovn.versions', says: /and ovn-northd 99\.03\.0/ },
    breaks: (world) => {
      const before = tool('ovn-sbctl', 'get', 'SB_Global', '.', 'options:northd_internal_version').trim()
      Object.assign(world, { before })
      process.kill(northdPid(), 'SIGSTOP')
      tool('ovn-sbctl', 'set', 'SB_Global', '.', 'options:northd_internal_version="99.03.0-20.27.0-70.6"')
    },
    restores: (world) => {
      const { before } = world as unknown as { before: string }
      tool('ovn-sbctl', 'set', 'SB_Global', '.', `options:northd_internal_version=${before}`)
      process.kill(northdPid(), 'SIGCONT')
    },
  },
  {
    ...{ name: 'two ports claim one logical port', check: 'ovn.iface-id', says: /both claim the logical port/ },
    breaks: ({ web }) => {
      const id = vsctl('get', 'Interface', portsOf(web)[0] ?? '', 'external_ids:iface-id')
      vsctl(
        'add-port',
        'br-int',
        'twin',
        '--',
        'set',
        'Interface',
        'twin',
        'type=internal',
        `external_ids:iface-id=${id}`,
      )
    },
    restores: () => vsctl('--if-exists', 'del-port', 'br-int', 'twin'),
  },
  {
    ...{
      name: 'a logical port is deleted',
      check: 'ovn.ports',
      says: /1 logical ports of the network lan are missing/,
    },
    breaks: ({ web }) => {
      nbctl(
        '--wait=hv',
        'lsp-del',
        vsctl('get', 'Interface', portsOf(web)[0] ?? '', 'external_ids:iface-id').replaceAll('"', ''),
      )
    },
  },
  {
    ...{ name: 'a logical switch is deleted', check: 'network.parts', says: /lan is not complete/ },
    breaks: () => nbctl('--wait=hv', 'ls-del', 'ls-lan'),
  },
]

/** A certificate that is valid for so many days from now, in a folder. */
function certificate(folder: string, days: number, since = -2): { readonly key: string; readonly file: string } {
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const [start, end] = [since, days].map((one) =>
    new Date(Date.now() + one * 86_400_000).toISOString().replaceAll(/[-:T]|\..*/g, ''),
  )
  writeFileSync(
    join(folder, 'ca.cnf'),
    [
      '[ca]',
      'default_ca=x',
      '[x]',
      `dir=${folder}`,
      `database=${folder}/index`,
      `new_certs_dir=${folder}`,
      'default_md=sha256',
      'policy=p',
      `rand_serial=yes`,
      '[p]',
      'CN=supplied',
      '',
    ].join('\n'),
  )
  writeFileSync(join(folder, 'index'), '')
  execFileSync(
    'openssl',
    [
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-subj',
      '/CN=host',
      '-out',
      join(folder, 'req.pem'),
    ],
    { stdio: 'ignore' },
  )
  execFileSync(
    'openssl',
    [
      'ca',
      '-batch',
      '-config',
      join(folder, 'ca.cnf'),
      '-selfsign',
      '-keyfile',
      key,
      '-in',
      join(folder, 'req.pem'),
      '-out',
      file,
      '-startdate',
      `${start ?? ''}Z`,
      '-enddate',
      `${end ?? ''}Z`,
    ],
    { stdio: 'ignore' },
  )
  return { key, file }
}

const certified = (
  name: string,
  says: RegExp,
  { days = 400, since = -2, isMixedUp = false }: { days?: number; since?: number; isMixedUp?: boolean },
): Fault<Clouded> => ({
  ...{ name, says, check: 'ovn.certificates' },
  breaks: (world) => {
    const folder = temporaryFolder()
    Object.assign(world, { folder })
    const { key, file } = certificate(folder.path, days, since)
    if (isMixedUp) execFileSync('openssl', ['genrsa', '-out', key, '2048'], { stdio: 'ignore' })
    vsctl('set-ssl', key, file, file)
  },
  restores: (world) => {
    vsctl('del-ssl')
    ;(world as unknown as { folder: Disposable }).folder[Symbol.dispose]()
  },
})

describe('doctor, on hosts with an engine and the driver', function () {
  this.timeout(120_000)
  zoo(makeEngined, ENGINED)
})

describe('doctor, on hosts with OVN', function () {
  this.timeout(120_000)
  before(() => {
    tool('ip', 'link', 'add', 'under0', 'type', 'veth', 'peer', 'name', 'under1')
    tool('ip', 'address', 'add', '198.51.100.1/24', 'dev', 'under0')
    for (const link of ['under0', 'under1']) tool('ip', 'link', 'set', link, 'up')
    ok('ovn', 'bootstrap', '--central=local', '--encap-ip=198.51.100.1')
  })
  after(() => {
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    tool('ip', 'link', 'del', 'under0')
  })
  zoo(makeClouded, [
    ...CLOUDED,
    certified('the certificate has expired', /has expired/, { days: -1 }),
    certified('the certificate expires soon', /expires in [45] days/, { days: 5 }),
    certified('the certificate is not valid yet', /is not valid yet/, { since: 3 }),
    certified('the key is not that of the certificate', /is not that of the certificate/, { isMixedUp: true }),
  ])
})
