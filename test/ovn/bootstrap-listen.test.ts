// Where a central of the distribution listens, with which certificates, and that nobody else's are touched.
import { strict as assert } from 'node:assert'
import { authority } from '../support/authority.ts'
import { chassisNames, OVN_CTL } from '../support/ovn.ts'
import { errorOf, ok, ovsd } from '../support/ovsd.ts'
import { temporaryFolder } from '../support/socket-server.ts'
import { tool } from '../support/tool.ts'
import { underlay, type FarSite, type Underlay } from '../support/underlay.ts'

const LOCAL = ['ovn', 'bootstrap', '--central=local']
const LISTEN = '--listen=198.51.100.1'
const NB_FILE = '/var/lib/ovn/ovnnb_db.db'
const SB_FILE = '/var/lib/ovn/ovnsb_db.db'
const CONNECTIONS = '["OVN_Southbound",{"op":"select","table":"Connection","where":[]}]'

const start = () => tool(OVN_CTL, 'start_northd')
const stop = () => tool(OVN_CTL, 'stop_northd')
const empty = () => {
  stop()
  tool('sh', '-c', 'rm -f /var/lib/ovn/* /var/lib/ovn/.ovn*')
}
/** All that says where the databases listen, and with what. */
const listeners = () =>
  ['ovn-nbctl', 'ovn-sbctl'].flatMap((name) =>
    ['Connection', 'SSL'].map((table) => tool(name, 'list', table).replace(/^(status|is_connected) .*\n/gm, '')),
  )
const listening = () =>
  tool('ss', '-Hltn', 'src :6641 or src :6642')
    .split('\n')
    .map((line) => line.split(/\s+/)[3] ?? '')
    .filter((one) => one !== '')
    .sort()
const BOTH = ['198.51.100.1:6641', '198.51.100.1:6642']

describe('ovn bootstrap --central local --listen', function () {
  this.timeout(180_000)
  let hosts: Underlay
  let far: FarSite
  const files = temporaryFolder()
  const good = authority(files.path, 'good')
  const own = good.member('central')
  const options = ({ key, cert }: { key: string; cert: string }, ca = good.ca) => [
    `--private-key=${key}`,
    `--certificate=${cert}`,
    `--ca-cert=${ca}`,
  ]
  before(async () => {
    hosts = await underlay(1)
    const [first] = hosts.far
    assert.ok(first)
    far = first
  })
  after(async () => {
    await hosts[Symbol.asyncDispose]()
    files[Symbol.dispose]()
  })

  afterEach(() => {
    ovsd(['ovn', 'leave', '--force'])
    ovsd(['ovn', 'teardown', '--delete-data', '--force'])
    empty()
  })

  it('with certificates: another host joins with its own, and nobody without; then nothing of it is left', async () => {
    start()
    const before = listeners()
    ok(...LOCAL, LISTEN, ...options(own))
    assert.deepEqual(listening(), BOTH)
    assert.match(ok(...LOCAL, LISTEN, ...options(own)), /^Nothing to do/)
    assert.match(ok(...LOCAL, LISTEN), /^Nothing to do/)
    await far.ok('ovn', 'join', 'ssl:198.51.100.1', ...options(good.member('far')))
    assert.match(await far.ok('ovn', 'status'), /All is well/)
    assert.equal((await chassisNames(hosts.near)).length, 2)
    await far.ok('ovn', 'leave')
    const other = authority(files.path, 'other')
    const stranger = await far.ovsd('ovn', 'join', 'ssl:198.51.100.1', ...options(other.member('far')), '--json')
    assert.equal(errorOf(stranger).code, 'CentralUnreachable')
    ok('ovn', 'leave')
    assert.match(ok('ovn', 'teardown'), /listens no more where ovsd had it listen/)
    assert.deepEqual(listeners(), before)
    assert.deepEqual(listening(), [])
  })

  it('with certificates, from nothing and back to nothing', () => {
    ok(...LOCAL, LISTEN, ...options(own))
    assert.deepEqual(listening(), BOTH)
    ok('ovn', 'leave')
    ok('ovn', 'teardown')
    // The databases stay, but neither listen nor know certificates when they are started again.
    start()
    assert.deepEqual(listening(), [])
    assert.deepEqual(listeners(), ['', '', '', ''])
    ok('ovn', 'teardown', '--delete-data')
    assert.equal(tool('ls', '-A', '/var/lib/ovn'), '')
  })

  for (const [what, differs] of [
    ['key', { key: `${files.path}/good.key`, cert: own.cert, ca: good.ca }],
    ['certificate', { key: own.key, cert: good.ca, ca: good.ca }],
    ['authority', { key: own.key, cert: own.cert, ca: own.cert }],
  ] as const)
    it(`the files of an administrator stay, where only the ${what} is another one than what is asked for`, () => {
      start()
      for (const name of ['ovn-nbctl', 'ovn-sbctl']) tool(name, 'set-ssl', differs.key, differs.cert, differs.ca)
      const before = listeners()
      assert.equal(errorOf(ovsd([...LOCAL, LISTEN, ...options(own), '--json'])).code, 'TlsDiffers')
      assert.deepEqual(listeners(), before)
      // What is not seen before it runs, is seen then.
      stop()
      const late = ovsd([...LOCAL, LISTEN, ...options(own), '--json'])
      assert.match(late.stdout + late.stderr, /uses other files for ssl already/)
      start()
      assert.deepEqual(listeners(), before)
    })

  it('the same files as an administrator has set are used, and stay', () => {
    start()
    for (const name of ['ovn-nbctl', 'ovn-sbctl']) tool(name, 'set-ssl', own.key, own.cert, good.ca)
    const before = listeners()
    ok(...LOCAL, LISTEN, ...options(own))
    assert.deepEqual(listening(), BOTH)
    ok('ovn', 'leave')
    ok('ovn', 'teardown')
    assert.deepEqual(listeners(), before)
  })

  it('certificates that somebody else has come to use stay', () => {
    start()
    ok(...LOCAL, LISTEN, ...options(own))
    tool(
      'ovn-nbctl',
      '--',
      '--id=@c',
      'create',
      'Connection',
      'target="pssl:16641"',
      '--',
      'add',
      'NB_Global',
      '.',
      'connections',
      '@c',
    )
    ok('ovn', 'leave')
    ok('ovn', 'teardown')
    assert.equal(tool('ovn-nbctl', 'get-connection').trim(), 'pssl:16641')
    assert.match(tool('ovn-nbctl', 'get-ssl'), /central\.pem/)
    assert.doesNotMatch(tool('ovn-sbctl', 'get-ssl'), /central\.pem/)
  })

  for (const whose of ['ovsd', 'somebody else'] as const)
    it(`of databases of ${whose} that do not run: they do not listen when they are started again`, () => {
      if (whose === 'somebody else') start()
      ok(...LOCAL, LISTEN, '--insecure')
      ok('ovn', 'leave')
      stop()
      assert.match(ok('ovn', 'teardown', '--dry-run'), /^ovsdb-tool transact /m)
      ok('ovn', 'teardown')
      assert.match(ok('ovn', 'teardown'), /^Nothing to do/)
      start()
      assert.deepEqual(listening(), [])
    })

  it('where the file of a database cannot be read, nobody says that it does not listen; all else is done', () => {
    ok(...LOCAL, LISTEN, '--insecure')
    ok('ovn', 'leave')
    tool('ovn-appctl', '-t', '/run/ovn/ovnnb_db.ctl', 'exit')
    tool('sh', '-c', `echo nonsense >${NB_FILE}`)
    const left = ovsd(['ovn', 'teardown'])
    assert.equal(left.status, 3, left.stderr)
    assert.match(left.stderr, /northbound database, wherever ovsd had it listen/)
    assert.deepEqual(listening(), [])
    assert.equal(tool('sh', '-c', 'pgrep ovn-northd || true'), '')
    assert.equal(tool('ovsdb-tool', 'query', SB_FILE, CONNECTIONS).trim(), '[{"rows":[]}]')
    ok('ovn', 'teardown', '--delete-data', '--force')
    assert.equal(tool('ls', '-A', '/var/lib/ovn'), '')
  })
})
