import { strict as assert } from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../scripts/build/layout.ts'
import { OvsdError } from '../../../src/lib/errors.ts'
import { FILE_NAMES, fileNameOf, IGNORED, SETTINGS, variableOf } from '../../../src/lib/watch/settings-names.ts'
import { loadSettings, type Settings, type SettingsInput } from '../../../src/lib/watch/settings.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/socket-server.ts'

const DEFAULTS: Settings = {
  bridge: 'ovsbr0',
  iface: 'eth1',
  mtu: undefined,
  docker: undefined,
  db: undefined,
  policy: undefined,
  logLevel: 'info',
  logFormat: undefined,
  metrics: undefined,
  health: undefined,
  externalInterface: undefined,
  resyncSeconds: 60,
}

let folder: TemporaryFolder
let path: string

beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'ovsd.yaml')
})
afterEach(() => {
  folder[Symbol.dispose]()
})

/** Settings of a file's text, with variables and options. */
const load = (text: string, env: SettingsInput['env'] = {}, flags: SettingsInput['flags'] = {}) => {
  writeFileSync(path, text)
  return loadSettings({ flags: { config: path, ...flags }, env })
}
const none = { places: [] }

async function failure(act: () => Promise<unknown>): Promise<OvsdError> {
  try {
    await act()
  } catch (error) {
    assert.ok(error instanceof OvsdError, String(error))
    return error
  }
  assert.fail('it was accepted')
}

/** A value of each setting, what it becomes, and one that is wrong. */
const VALUES: Readonly<Record<(typeof SETTINGS)[number], readonly [good: string, as: Partial<Settings>, bad: string]>> =
  {
    bridge: ['br7', { bridge: 'br7' }, 'a b'],
    interface: ['net0', { iface: 'net0' }, 'lo'],
    mtu: ['1400', { mtu: 1400 }, '1e3'],
    docker: ['unix:///run/d.sock', { docker: 'unix:///run/d.sock' }, 'ssh://host'],
    db: ['tcp:127.0.0.1:6640', { db: 'tcp:127.0.0.1:6640' }, 'db.sock'],
    policy: ['/etc/p.yaml', { policy: '/etc/p.yaml' }, 'p.yaml'],
    'log-level': ['debug', { logLevel: 'debug' }, 'loud'],
    'log-format': ['json', { logFormat: 'json' }, 'xml'],
    metrics: ['127.0.0.1:9100', { metrics: { text: '127.0.0.1:9100', host: '127.0.0.1', port: 9100 } }, '0.0.0.0:9100'],
    health: ['unix:/run/h.sock', { health: { text: 'unix:/run/h.sock', path: '/run/h.sock' } }, '9100'],
    'external-interface': ['eno1', { externalInterface: 'eno1' }, '-x'],
    resync: ['30', { resyncSeconds: 30 }, '4'],
  }

describe('loadSettings', () => {
  it('has a default for everything', async () => {
    assert.deepEqual(await loadSettings({ flags: {}, env: {}, ...none }), {
      settings: DEFAULTS,
      file: undefined,
      notices: [],
    })
  })

  for (const setting of SETTINGS) {
    const [good, as, bad] = VALUES[setting]
    const places = [
      ['an option', () => `--${setting}`, (value: string) => load('', {}, { [setting]: value })],
      ['a variable', () => variableOf(setting), (value: string) => load('', { [variableOf(setting)]: value })],
      [
        'a line of the file',
        () => `${path}, line 2: ${fileNameOf(setting)}`,
        (value: string) => load(`# x\n${fileNameOf(setting)}: ${JSON.stringify(value)}\n`),
      ],
    ] as const
    for (const [what, field, from] of places)
      it(`takes ${setting} from ${what}, and names it when the value is wrong`, async () => {
        assert.deepEqual((await from(good)).settings, { ...DEFAULTS, ...as })
        const { code, status, message } = await failure(() => from(bad))
        assert.deepEqual([code, status], ['BadInput', 2])
        assert.ok(message.startsWith(`${field()}: `), message)
      })
  }

  it('takes each from the first of option, OVSD_*, the other program, the file', async () => {
    const file = 'bridge: br4\novs:\n  default_bridge: br5\n'
    const env = { OVSD_BRIDGE: 'br2', OVS_DEFAULT_BRIDGE: 'br3' }
    const bridge = async (...args: Parameters<typeof load>) => (await load(...args)).settings.bridge
    assert.equal(await bridge(file, env, { bridge: 'br1' }), 'br1')
    assert.equal(await bridge(file, env), 'br2')
    assert.equal(await bridge(file, { ...env, OVSD_BRIDGE: '' }), 'br3')
    assert.equal(await bridge(file), 'br4')
    assert.equal(await bridge('ovs: { default_bridge: br5 }\n'), 'br5')
  })

  it('asks for a last word on the level of the log where nobody says it, and then only', async () => {
    const lastLevel = () => 'warn' as const
    const refused = () => assert.fail('asked')
    assert.equal((await loadSettings({ flags: {}, env: {}, ...none, lastLevel })).settings.logLevel, 'warn')
    const env = { LOG_LEVEL: 'debug' }
    assert.equal((await loadSettings({ flags: {}, env, ...none, lastLevel: refused })).settings.logLevel, 'debug')
    writeFileSync(path, 'log_level: error\n')
    const flags = { config: path }
    assert.equal((await loadSettings({ flags, env: {}, lastLevel: refused })).settings.logLevel, 'error')
  })

  const theirs: readonly (readonly [env: SettingsInput['env'], as: Partial<Settings>])[] = [
    [{ OVS_DEFAULT_INTERFACE: 'net1' }, { iface: 'net1' }],
    [{ OVS_SOCKET_PATH: '/run/o.sock' }, { db: 'unix:/run/o.sock' }],
    [{ DOCKER_SOCKET_PATH: '/run/d.sock' }, { docker: 'unix:///run/d.sock' }],
    [{ DOCKER_SOCKET_PATH: 'unix:///run/d.sock' }, { docker: 'unix:///run/d.sock' }],
    [
      { LOG_LEVEL: 'trace', LOG_FORMAT: 'json' },
      { logLevel: 'debug', logFormat: 'json' },
    ],
    [{ LOG_LEVEL: 'Warning' }, { logLevel: 'warn' }],
    [{ LOG_LEVEL: 'fatal' }, { logLevel: 'error' }],
    [{ LOG_LEVEL: 'panic' }, { logLevel: 'error' }],
    [{ DEFAULT_EXTERNAL_INTERFACE: 'eno1' }, { externalInterface: 'eno1' }],
    [{ ENABLE_METRICS: '0', METRICS_ADDR: ':9100' }, {}],
    [{ METRICS_ADDR: ':9100' }, {}],
    [
      { ENABLE_HEALTH_CHECK: 'T', HEALTH_ADDR: '127.0.0.1:9101' },
      { health: { text: '127.0.0.1:9101', host: '127.0.0.1', port: 9101 } },
    ],
  ]
  for (const [env, as] of theirs)
    it(`takes ${JSON.stringify(env)}`, async () => {
      const { settings, notices } = await loadSettings({ flags: {}, env, ...none })
      assert.deepEqual([settings, notices], [{ ...DEFAULTS, ...as }, []])
    })

  for (const [address, port] of [
    [':9100', 9100],
    ['0.0.0.0:9100', 9100],
    ['[::]:9100', 9100],
    ['192.0.2.1:9100', 9100],
    ['', 8080],
  ] as const)
    it(`serves metrics of METRICS_ADDR=${address} to this host alone, and says so`, async () => {
      const env = { ENABLE_METRICS: 'true', METRICS_ADDR: address }
      const { settings, notices } = await loadSettings({ flags: {}, env, ...none })
      assert.deepEqual(settings.metrics, { text: `127.0.0.1:${port}`, host: '127.0.0.1', port })
      assert.equal(notices.length, 1)
      assert.match(notices[0] ?? '', /only this host/)
    })

  it('serves others only where that is allowed, and never by the settings of the other program', async () => {
    const input = { flags: { metrics: '192.0.2.1:9100' }, env: { ENABLE_HEALTH_CHECK: '1' }, ...none }
    assert.match((await failure(() => loadSettings(input))).message, /^--metrics: .*others/)
    const { settings } = await loadSettings({ ...input, allowRemote: true })
    assert.deepEqual([settings.metrics?.text, settings.health?.text], ['192.0.2.1:9100', '127.0.0.1:8081'])
  })

  it('lets a variable of the other program switch off what the file switches on', async () => {
    const { settings } = await load('metrics: ":9100"\n', { ENABLE_METRICS: 'false' })
    assert.equal(settings.metrics, undefined)
  })

  it('names the variable or the line that is wrong, of the other program as well', async () => {
    const cases: readonly (readonly [string, SettingsInput['env'], string])[] = [
      ['', { OVS_DEFAULT_BRIDGE: 'a b' }, 'OVS_DEFAULT_BRIDGE'],
      ['', { ENABLE_METRICS: 'maybe' }, 'ENABLE_METRICS'],
      ['', { ENABLE_METRICS: '1', METRICS_ADDR: '9100' }, 'METRICS_ADDR'],
      ['network:\n  default_mtu: 1e3\n', {}, `${path}, line 2: network.default_mtu`],
      ['server:\n  enable_metrics: maybe\n', {}, `${path}, line 2: server.enable_metrics`],
      ['server:\n  enable_metrics: true\n  metrics_addr: x\n', {}, `${path}, line 3: server.metrics_addr`],
    ]
    for (const [text, env, field] of cases) {
      const { message } = await failure(() => load(text, env))
      assert.ok(message.startsWith(`${field}: `), message)
    }
  })

  it('understands a whole file of ovs-port-manager, and says what of it has no effect', async () => {
    const { settings, notices } = await load(`
ovs:
  socket_path: "/var/run/openvswitch/db.sock"
  database_name: Open_vSwitch
  default_bridge: ovs_bond0
  default_interface: eth2
  connection_timeout: 30s
docker:
  socket_path: /var/run/docker.sock
  api_version: ""
  connection_timeout: 30s
network:
  default_mtu: 1500
  enable_ipv6: false
  handle_netns: true
  enable_external_routing: true
  default_external_interface: ""
  external:
    ip_address: ""
    gateway: ""
    host_interface: eno2
    enable_ip_forwarding: true
logging:
  level: info
  format: json
  structured: true
  file_path: ""
server:
  enable_metrics: true
  metrics_addr: ":8080"
  enable_health_check: true
  health_addr: "localhost:8081"
`)
    assert.deepEqual(settings, {
      ...DEFAULTS,
      bridge: 'ovs_bond0',
      iface: 'eth2',
      mtu: 1500,
      docker: 'unix:///var/run/docker.sock',
      db: 'unix:/var/run/openvswitch/db.sock',
      logFormat: 'json',
      externalInterface: 'eno2',
      metrics: { text: '127.0.0.1:8080', host: '127.0.0.1', port: 8080 },
      health: { text: '127.0.0.1:8081', host: '127.0.0.1', port: 8081 },
    })
    const ignored = notices.map((notice) => / line \d+: ([a-z0-9_.]+) has no effect: /.exec(notice)?.[1])
    assert.deepEqual(
      ignored.filter((name) => name !== undefined),
      Object.keys(IGNORED).filter((name) => name.includes('.')),
    )
    assert.match(notices.at(-1) ?? '', /line 30: server\.metrics_addr: the address :8080 .* 127\.0\.0\.1:8080/)
  })

  it('says that a variable has no effect', async () => {
    const { notices } = await loadSettings({ flags: {}, env: { ENABLE_EXTERNAL_ROUTING: 'true' }, ...none })
    assert.equal(notices.length, 1)
    assert.match(notices[0] ?? '', /^ENABLE_EXTERNAL_ROUTING has no effect: /)
  })

  it('reads the first of the usual files that is there, unless one is named', async () => {
    const [first, second] = [join(folder.path, 'a'), join(folder.path, 'b')]
    const places = [first, second]
    writeFileSync(second, 'bridge: br2\n')
    assert.equal((await loadSettings({ flags: {}, env: {}, places })).file, second)
    writeFileSync(first, '')
    const { file, settings } = await loadSettings({ flags: {}, env: { OVSD_CONFIG: '' }, places })
    assert.deepEqual([file, settings], [first, DEFAULTS])
    writeFileSync(path, 'bridge: br3\n')
    assert.equal((await loadSettings({ flags: {}, env: { OVSD_CONFIG: path }, places })).settings.bridge, 'br3')
    const flags = { config: second }
    assert.equal((await loadSettings({ flags, env: { OVSD_CONFIG: path }, places })).settings.bridge, 'br2')
  })

  it('refuses a file that is named and missing, that others can write, and a folder', async () => {
    const named = (config: string) => failure(() => loadSettings({ flags: { config }, env: {} }))
    assert.equal((await named(path)).code, 'SettingsUnreadable')
    writeFileSync(path, '', { mode: 0o644 })
    const below = await named(join(path, 'x'))
    assert.deepEqual([below.code, below.status], ['SettingsUnreadable', 1])
    assert.equal((await named(folder.path)).code, 'SettingsUnsafe')
  })

  const malformed: readonly (readonly [text: string, line: number, words: RegExp, next: RegExp])[] = [
    ['bridge: [\n', 2, /./, /bridge: ovsbr0/],
    ['brigde: br0\n', 1, /no setting "brigde"/, /Did you mean bridge\?/],
    ['ovs:\n  default_brigde: br0\n', 2, /"ovs\.default_brigde"/, /Did you mean ovs\.default_bridge\?/],
    ['frobnicate: 1\n', 1, /"frobnicate"/, /ovsd-policy\(5\)/],
    ['ovs: br0\n', 1, /"ovs"/, /./],
    ['bridge:\n  name: br0\n', 1, /"bridge"/, /./],
    ['bridge: [br0]\n', 1, /bridge is not a list/, /./],
    ['- bridge\n', 1, /not a list/, /./],
    ['bridge\n', 1, /not a list/, /./],
    ['bridge: br0\nbridge: br1\n', 2, /unique/, /./],
  ]
  for (const [text, line, words, next] of malformed)
    it(`refuses ${JSON.stringify(text)}`, async () => {
      const error = await failure(() => load(text))
      assert.deepEqual([error.code, error.status], ['SettingsInvalid', 2])
      assert.ok(error.message.startsWith(`${path}, line ${line}: `), error.message)
      assert.match(error.message, words)
      assert.match(error.next ?? '', next)
    })

  it('takes a name without a value for one that is not given', async () => {
    const { settings } = await load('bridge:\novs:\n  default_interface:\ndocker:\n')
    assert.deepEqual(settings, DEFAULTS)
  })

  it('has every name once, and understands the example that comes with it', async () => {
    assert.equal(new Set(FILE_NAMES).size, FILE_NAMES.length)
    const example = readFileSync(join(root, 'packaging/ovsd.yaml'), 'utf8')
    const { settings, notices } = await load(example)
    assert.deepEqual([settings, notices], [DEFAULTS, []])
    const names = [...example.matchAll(/^# ([a-z_]+): \S/gm)].map(([, name]) => name)
    assert.deepEqual(names.sort(), SETTINGS.map(fileNameOf).sort())
    assert.equal((await load(example.replaceAll(/^# (?=[a-z_]+: \S)/gm, ''))).settings.resyncSeconds, 60)
  })
})
