// Bad input through the real program: refused before anything outside is looked at, let alone changed.
import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDocument } from '../../src/lib/state/document.ts'
import { contentOf, keptOf } from '../../src/lib/state/kept-network.ts'
import { start } from '../support/ovsd.ts'
import { keep, network, testStore, treeOf } from '../support/state.ts'
import { untouchedHost, type UntouchedHost } from '../support/untouched-host.ts'

const ADD = ['add-port', 'br0', 'eth1', 'web']

/** Command lines by what is to be named as the field that is wrong. */
const VALUES: readonly (readonly [field: string, ...line: string[]])[] = [
  ['BRIDGE', 'add-port', 'a/b', 'eth1', 'web'],
  ['BRIDGE', 'add-port', '--', '-- del-br br0', 'eth1', 'web'],
  ['BRIDGE', 'del-port', 'bridge-of-sixteen', 'eth1', 'web'],
  ['BRIDGE', 'del-ports', 'br0 --', 'web'],
  ['INTERFACE', 'add-port', 'br0', 'abcdefghijklmnop', 'web'],
  ['INTERFACE', 'add-port', 'br0', '', 'web'],
  ['INTERFACE', 'del-port', 'br0', '%d', 'web'],
  ['INTERFACE', 'set-vlan', 'br0', 'lo', 'web', '10'],
  ['CONTAINER', 'add-port', 'br0', 'eth1', '../x'],
  ['CONTAINER', 'del-ports', '--', 'br0', '-f'],
  ['CONTAINER', 'add-port', 'br0', 'eth1', '$(reboot)\n'],
  ['--ipaddress', ...ADD, '--ipaddress=10.0.0.2/33'],
  ['--ipaddress', ...ADD, '--ipaddress=10.0.0.2/24,010.0.0.3/24'],
  ['--ipaddress', ...ADD, '--ipaddress='],
  ['--gateway', ...ADD, '--ipaddress=10.0.0.2/24', '--gateway=fd00::1'],
  ['--macaddress', ...ADD, '--macaddress=01:00:5e:00:00:01'],
  ['--mtu', ...ADD, '--mtu=1e3'],
  ['--mtu', ...ADD, '--mtu=-1'],
  ['--mtu', ...ADD, '--mtu='],
  ['--vlan', ...ADD, '--vlan=4095'],
  ['--vlan', ...ADD, '--vlan=10', '--trunks=20'],
  ['--trunks', ...ADD, '--trunks=10-'],
  ['--route', ...ADD, '--route=0.0.0.0/0'],
  ['--netns', ...ADD, '--netns=x', '--pid=1'],
  ['--datapath', ...ADD, '--datapath=kernel'],
  ['VLAN', 'set-vlan', 'br0', 'eth1', 'web', '0x10'],
  ['VLAN', 'set-vlan', 'br0', 'eth1', 'web'],
  ['VLAN', 'set-vlan', 'br0', 'eth1', 'web', '10', '--none'],
  ['--bridge', 'gc', '--bridge=..'],
  ['--label', 'policy:check', '--label=ovs.vlan'],
  ['--label', 'policy:check', '--label=ovs.vlan=7', '--container=web'],
  ['--container', 'policy:check', '--container=../x'],
  ['--policy', 'policy:check', 'policy.yaml', '--policy=none'],
  ['NAME', 'net:create', 'a b'],
  ['--subnet', 'net:create', 'blue', '--subnet=10.0.0.1/24'],
  ['--gateway', 'net:create', 'blue', '--subnet=10.0.0.0/24', '--gateway=10.0.1.1'],
  ['--ip-range', 'net:create', 'blue', '--subnet=10.0.0.0/24', '--ip-range=10.0.0.0/16'],
  ['--aux-address', 'net:create', 'blue', '--subnet=10.0.0.0/24', '--aux-address=x=10.0.0.255'],
  ['--aux-address', 'net:create', 'blue', '--subnet=10.0.0.0/24', '--aux-address=\u001b[31m=10.0.0.9'],
  ['--subnet', 'net:create', 'blue', '--subnet=169.254.0.0/16'],
  ['--subnet', 'net:create', 'blue', '--subnet=fe80::/64'],
  ['--bridge', 'net:create', 'blue', '--bridge=..'],
  ['--vlan', 'net:create', 'blue', '--vlan=4095'],
  ['--tenant', 'net:create', 'blue', '--tenant=a b'],
  ['--mtu', 'net:create', 'blue', '--mtu=67'],
  ['--uplink', 'net:create', 'blue', '--uplink=lo'],
  ['--confirm-within', 'net:create', 'blue', '--confirm-within=2d'],
  ['NETWORK', 'net:confirm', 'a/b'],
  ['NAME', 'mirror:create', 'net:blue', '--source=web', '--dest=ids'],
  ['--source', 'mirror:create', 'm1', '--source=web:', '--dest=ids'],
  ['--source', 'mirror:create', 'm1', '--source=network:a b', '--dest=ids'],
  ['--dest', 'mirror:create', 'm1', '--source=web', '--dest=-- del-br br0'],
  ['--dest', 'mirror:create', 'm1', '--source=web', '--dest=gre:127.0.0.1'],
  ['--dest', 'mirror:create', 'm1', '--source=web', '--dest=web'],
  ['--direction', 'mirror:create', 'm1', '--source=web', '--dest=ids', '--direction=up'],
  ['--ttl', 'mirror:create', 'm1', '--source=web', '--dest=ids', '--ttl=10'],
  ['--bridge', 'mirror:create', 'm1', '--source=web', '--dest=ids', '--bridge=..'],
  ['NAME', 'mirror:rm', '../m1'],
  ['--mirror-dest', 'net:create', 'blue', '--mirror-ports=all', '--mirror-dest=gre:192.0.2.9'],
  ['NETWORK', 'net:connect', 'a/b', 'web'],
  ['CONTAINER', 'net:connect', 'blue', '../x'],
  ['NETWORK', 'net:rm', ''],
  ['FILE', 'state:export', '-'],
  ['FILE', 'state:import', '-'],
  ['--timeout', ...ADD, '--timeout=0'],
  ['--timeout', 'list', '--timeout=1e3'],
  ['--db', 'list', '--db=db.sock'],
  ['--docker', 'list', '--docker=ssh://host'],
]

/** Command lines that the parser itself has to refuse, with the code of the error and words of its message. */
const USAGE: readonly (readonly [code: string, words: RegExp, ...line: string[]])[] = [
  ['UnknownCommand', /no command "frobnicate"/, 'frobnicate'],
  ['UnknownCommand', /add-port/, 'add-prot', 'br0', 'eth1', 'web'],
  ['BadUsage', /--frobnicate/, ...ADD, '--frobnicate=1'],
  ['BadUsage', /Missing: CONTAINER/, 'add-port', 'br0', 'eth1'],
  ['BadUsage', /more/, ...ADD, 'more'],
  ['BadUsage', /source/, 'mirror:create', 'm1', '--dest=ids'],
  ['BadUsage', /dest/, 'mirror:create', 'm1', '--source=web'],
  ['BadUsage', /^ovsd: Missing: --dest, --source\n/m, 'mirror:create', 'm1'],
  ['BadUsage', /--mtu/, ...ADD, '--mtu'],
  ['BadUsage', /--state/, 'list', '--state=fine'],
  ['BadUsage', /--mtu.* once/, ...ADD, '--mtu=1400', '--mtu=1500'],
  ['BadUsage', /--vlan.* once/, ...ADD, '--vlan=10', '--vlan', '10'],
  ['BadUsage', /one of: bash, zsh, fish/, 'completion', 'tcsh'],
]

describe('bad input', function () {
  this.timeout(60_000)
  let host: UntouchedHost

  beforeEach(async () => {
    host = await untouchedHost()
  })
  afterEach(async () => {
    await host[Symbol.asyncDispose]()
  })

  /** The options are put first, where the line itself has no others of their kind. */
  const run = (line: readonly string[], ...more: string[]) => {
    const own = host.options.filter((option) => !line.some((word) => word.startsWith(option.replace(/=.*/, '='))))
    const [command = '', ...rest] = line
    return start([command, ...more, ...(command === 'completion' ? [] : own), ...rest], host.env).ended
  }

  for (const [field, ...line] of VALUES)
    it(`${field}: ${JSON.stringify(line.join(' '))}`, async () => {
      const { status, stdout, stderr } = await run(line, '--json')
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string; next: string } }
      assert.deepEqual([status, error.code, stderr], [2, 'BadInput', ''])
      assert.ok(error.message.startsWith(`${field}: `), error.message)
      assert.match(error.next, /^A good value looks like this: ./)
      assert.deepEqual(Object.keys(error), ['code', 'message', 'next'])
      assert.deepEqual(host.touched(), [])
    })

  for (const [code, words, ...line] of USAGE)
    it(`${code}: ${JSON.stringify(line.join(' '))}`, async () => {
      const { status, stdout, stderr } = await run(line)
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, /^ovsd: /)
      assert.match(stderr, words)
      assert.match(stderr, /\n {2}next: /)
      if (code !== 'UnknownCommand' && !line.includes('completion')) {
        const { error } = JSON.parse((await run(line, '--json')).stdout) as { error: { code: string } }
        assert.equal(error.code, code)
      }
      assert.deepEqual(host.touched(), [])
    })

  it('is explained in words: what is wrong, and a good value', async () => {
    const { status, stdout, stderr } = await run([...ADD, '--vlan=4095'])
    assert.deepEqual([status, stdout], [2, ''])
    assert.equal(
      stderr,
      'ovsd: --vlan: "4095" is not a VLAN id from 1 to 4094.\n  next: A good value looks like this: 100\n',
    )
  })

  for (const from of ['a document', 'the store'])
    it(`a network to leave out has to be in ${from}`, async () => {
      using test = testStore()
      const kept = keptOf({ name: 'red', bridge: 'bs0' })
      await keep(test.store, network(kept.id), contentOf(kept))
      const path = join(test.path, 'export.json')
      writeFileSync(path, writeDocument({ networks: [kept], attachments: [], entries: [] }))
      const before = treeOf(test.path)
      const file = from === 'the store' ? [] : [path]
      const { status, stderr } = await run(['state:import', ...file, `--state-dir=${test.folder}`, '--except=rde'])
      assert.equal(
        stderr,
        'ovsd: --except: "rde" is no network of what is imported.\n  next: A good value looks like this: red\n',
      )
      assert.equal(status, 2)
      assert.deepEqual([host.touched(), treeOf(test.path)], [[], before])
    })

  it('brings no control characters to the terminal', async () => {
    const { stderr } = await run(['add-port', 'br0', 'a\u001B[2Jb\r\u202E', 'web'])
    assert.doesNotMatch(stderr, /[\u001B\r\u202E]/)
  })

  it('good input does look at the host, so that the tests above can fail', async () => {
    const { status } = await run(ADD, '--json')
    assert.equal(status, 1)
    assert.deepEqual(host.touched(), ['the engine'])
    await run(['list'])
    assert.deepEqual(host.touched(), ['the database', 'the engine'])
  })
})
