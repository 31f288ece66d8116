import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from '../../scripts/build/layout.ts'
import { SOCKET } from '../../src/lib/plugin/socket.ts'
import { SETTINGS, variableOf } from '../../src/lib/watch/settings-names.ts'
import { temporaryFolder } from '../support/socket-server.ts'

const unitOf = (name: string): string => readFileSync(join(root, 'packaging/systemd', name), 'utf8')
const unit = unitOf('ovsd-watch.service')
const daemon = unitOf('ovsd.service')
const socket = unitOf('ovsd.socket')
const comments = unit.split('\n').filter((line) => line.startsWith('#')).join('\n') // prettier-ignore
const valuesOf = (key: string, text = unit): string[] =>
  [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)
/** Settings of the part [Service], but for those that say what is run and when. */
const limitsOf = (text: string): readonly string[] =>
  (/^\[Service\]\n([^[]*)/m.exec(text)?.[1] ?? '')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line) && !/^(ExecStart|RestartSec|TimeoutStopSec)=/.test(line))
/** Manual pages that a unit names: there have to be such. */
function checkPages(text: string): void {
  const pages = globSync('man/*', { cwd: root })
  const named = valuesOf('Documentation', text).flatMap((line) => [...line.matchAll(/man:([\w-]+)\((\d)\)/g)])
  for (const [, page = '', section = ''] of named) assert.ok(pages.includes(`man/${page}.${section}`), page)
  assert.ok(named.length >= 2)
}

/** What systemd-analyze counts of one setting: `set` is the safe choice. */
interface Verdict {
  readonly set: boolean | null
  readonly name: string
  readonly json_field: string
}

/** Runs systemd-analyze on a unit file, for which no systemd has to run. Skipped without it, which fails in CI. */
const analyze = (test: Mocha.Context, text: string, ...args: readonly string[]): { status: number; output: string } =>
  analyzeAll(test, { 'ovsd-watch.service': text }, ...args)

/** The same for units that belong together, by their names. */
function analyzeAll(
  test: Mocha.Context,
  units: Readonly<Record<string, string>>,
  ...args: readonly string[]
): { status: number; output: string } {
  using folder = temporaryFolder()
  const files = Object.keys(units).map((name) => join(folder.path, name))
  for (const file of files) writeFileSync(file, units[basename(file)] ?? '')
  const { error, status, stdout, stderr } = spawnSync('systemd-analyze', [...args, ...files], { encoding: 'utf8' })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    console.log('      skipped: systemd-analyze is not installed')
    test.skip()
  }
  assert.equal(error, undefined)
  return { status: status ?? 1, output: stdout + stderr }
}

describe('the systemd unit', function () {
  this.timeout(30_000)
  // verify asks whether the program is there.
  const here = unit.replace('/usr/local/bin/ovsd', join(root, 'lab/bin/ovsd'))

  it('is what systemd understands', function () {
    const { status, output } = analyze(this, here, 'verify', '--man=no')
    assert.deepEqual([status, output], [0, ''])
  })

  it('would be refused with a setting that systemd does not know', function () {
    const { output } = analyze(this, here.replace('ProtectHome=', 'ProtectHouse='), 'verify', '--man=no')
    assert.match(output, /Unknown key.* 'ProtectHouse'/)
  })

  it('is no more open than it says', function () {
    const said = /counts all of it: (\d)\.(\d) /.exec(comments)
    const threshold = (tenths: number) =>
      analyze(this, unit, 'security', '--offline=true', `--threshold=${String(tenths)}`).status
    const tenths = Number(`${said?.[1] ?? ''}${said?.[2] ?? ''}`)
    // Other versions of systemd count a little differently, hence the distance of the second.
    assert.deepEqual([threshold(tenths), threshold(tenths - 10)], [0, 1])
  })

  it('says why of each setting that is not the safest', function () {
    const { output } = analyze(this, unit, 'security', '--offline=true', '--json=short')
    const open = (JSON.parse(output) as Verdict[]).filter(({ set }) => set === false)
    assert.ok(open.length > 10, output)
    // "CapabilityBoundingSet=~CAP_SYS_(ADMIN)" is explained by the capability, others by their own name.
    for (const { name } of open) {
      const [, key = '', value = ''] = /^([A-Za-z]+)=(?:\/\w+=)?(?:~(.*))?$/.exec(name) ?? []
      const words = key === 'CapabilityBoundingSet' ? value.replace(/_\(.*\|(\w+)\)$/, '_$1') : key
      const explained = new RegExp(`^# (?:[A-Za-z, _]*[ ,])?${words}\\b`, 'm').test(comments)
      const listed = ['RestrictAddressFamilies', 'RestrictNamespaces'].includes(key)
      assert.ok(explained || listed, `${name}: no comment begins with ${words}`)
    }
  })

  it('lets it see which modules the kernel could load, and load none', function () {
    // Otherwise a bridge gets another datapath than with add-port by hand (plan/steps/bridge-create.ts).
    const open = (name: string): boolean | undefined => {
      const { output } = analyze(this, unit, 'security', '--offline=true', '--json=short')
      return (JSON.parse(output) as Verdict[]).find((verdict) => verdict.name === name)?.set === false
    }
    assert.deepEqual([open('ProtectKernelModules='), open('CapabilityBoundingSet=~CAP_SYS_MODULE')], [true, false])
    assert.deepEqual(valuesOf('InaccessiblePaths'), [])
    assert.equal(open('SystemCallFilter=~@module'), false)
  })

  it('has an order but no bond with the daemons that it works with', () => {
    assert.deepEqual(
      ['Requires', 'BindsTo', 'PartOf', 'Requisite'].flatMap((key) => valuesOf(key)),
      [],
    )
    for (const one of ['openvswitch-switch.service', 'docker.service', 'podman.socket'])
      assert.ok(valuesOf('After').join(' ').split(' ').includes(one), one)
  })

  it('starts a command that there is, and reads a file that is delivered', () => {
    assert.deepEqual(valuesOf('ExecStart'), ['/usr/local/bin/ovsd watch'])
    assert.deepEqual(valuesOf('EnvironmentFile'), ['-/etc/default/ovsd'])
    checkPages(unit)
  })
})

describe('the systemd units of the daemon', function () {
  this.timeout(30_000)
  const here = daemon.replaceAll('/usr/local/bin/ovsd', join(root, 'lab/bin/ovsd'))

  it('are what systemd understands, and are no more open than that of watch', function () {
    const units = { 'ovsd.service': here, 'ovsd.socket': socket }
    const { status, output } = analyzeAll(this, units, 'verify', '--man=no')
    assert.deepEqual([status, output], [0, ''])
    assert.deepEqual(limitsOf(daemon), limitsOf(unit))
    assert.ok(limitsOf(unit).length > 40)
  })

  it('have no order in which dockerd and the daemon wait for each other', function () {
    assert.deepEqual(valuesOf('Before', daemon), ['docker.service'])
    assert.deepEqual(valuesOf('Before', socket), ['docker.service'])
    assert.ok(!valuesOf('After', daemon).join(' ').includes('docker'))
    assert.deepEqual(valuesOf('Type', daemon), ['exec'])
    // systemd itself finds the circle that there would be.
    const docker = '[Service]\nExecStart=/bin/true\n[Unit]\nRequires=ovsd.service\n'
    const units = { 'ovsd.service': here, 'ovsd.socket': socket, 'docker.service': docker }
    assert.equal(analyzeAll(this, units, 'verify', '--man=no').output, '')
    const wrong = { ...units, 'ovsd.service': here.replace('After=ovsd.socket', 'After=ovsd.socket docker.service') }
    assert.match(analyzeAll(this, wrong, 'verify', '--man=no').output, /ordering cycle/)
  })

  it('open the socket where Docker looks, for root alone, and leave it to the daemon', () => {
    assert.deepEqual(valuesOf('ListenStream', socket), [SOCKET])
    assert.deepEqual(valuesOf('SocketMode', socket), ['0600'])
    assert.deepEqual(valuesOf('WantedBy', socket), ['sockets.target'])
    assert.deepEqual(valuesOf('Requires', daemon), ['ovsd.socket'])
    assert.deepEqual(valuesOf('ExecStart', daemon), ['/usr/local/bin/ovsd daemon'])
    assert.deepEqual([valuesOf('Conflicts', daemon), valuesOf('Conflicts')], [['ovsd-watch.service'], ['ovsd.service']])
    for (const one of [daemon, socket]) checkPages(one)
  })
})

describe('the file of settings', () => {
  const lines = readFileSync(join(root, 'packaging/default/ovsd'), 'utf8').split('\n')

  it('sets nothing as it is delivered', () => {
    assert.deepEqual(
      lines.filter((line) => line !== '' && !line.startsWith('#')),
      [],
    )
  })

  it('names, as the other files do, units and manual pages that there are', () => {
    const texts = ['default/ovsd', 'policy.yaml', 'ovsd.yaml'].map((path) =>
      readFileSync(join(root, 'packaging', path), 'utf8'),
    )
    const text = texts.join('').replaceAll('\n#', '')
    const units = [...text.matchAll(/systemctl \w+ ([\w.@-]*\w)/g)].map(([, name = '']) => name)
    assert.deepEqual([...new Set(units)].sort(), ['ovsd', 'ovsd-watch'])
    for (const name of units) assert.equal(globSync(`packaging/systemd/${name}.service`, { cwd: root }).length, 1)
    const pages = [...text.matchAll(/(ovsd[\w-]*)\((\d)\)(?:, ([A-Z]+)\b)?/g)]
    assert.ok(pages.length > 0)
    for (const [, page = '', number = '', section] of pages) {
      const content = readFileSync(join(root, `man/${page}.${number}`), 'utf8')
      if (section !== undefined) assert.ok(content.includes(`\n.SH ${section}\n`), `${page}: ${section}`)
    }
  })

  it('shows every setting, and nothing that is none', () => {
    const shown = lines.flatMap((line) => /^#([A-Z_]+)=\S/.exec(line)?.[1] ?? [])
    assert.deepEqual(shown.sort(), SETTINGS.map(variableOf).sort())
  })
})
