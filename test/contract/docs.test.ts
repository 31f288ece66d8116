import { errorCodes } from './error-codes.ts'
import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/build/layout.ts'
import { generatedFiles, visibleCommands } from '../../scripts/docs/generated.ts'
import { escapeText, literal, prose } from '../../scripts/docs/roff.ts'
import type { PolicyCheck } from '../../src/commands/policy/check.ts'
import type { ErrorJson } from '../../src/error-output.ts'
import type { Attachment } from '../../src/lib/attach/attachment.ts'
import { endpointTarget } from '../../src/lib/attach/endpoint.ts'
import type { TitledAttachment } from '../../src/lib/network/titled-attachments.ts'
import { marksFor, type Spec } from '../../src/lib/attach/marks.ts'
import { OPTION_NAMES } from '../../src/lib/network/options.ts'
import type { AttachResult } from '../../src/lib/plan/attach-result.ts'
import type { VlanResult } from '../../src/lib/plan/change-vlan.ts'
import type { Garbage, GarbageResult } from '../../src/lib/plan/collect-garbage.ts'
import type { DetachedPorts } from '../../src/lib/plan/detach-port.ts'
import type { Violation } from '../../src/lib/policy/judge.ts'
import type { Verdict } from '../../src/lib/policy/verdict.ts'
import type { DryRun } from '../../src/lib/run/session.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const pages = globSync('man/*', { cwd: root }).sort()

/** What a reader sees of a page: without fonts, requests and escapes. */
const visible = (source: string): string =>
  source
    .replaceAll(/\\f[BIRP]/g, '')
    .replaceAll(String.raw`\-`, '-')
    .replaceAll(/\\[&e]/g, '')
    .replaceAll(/^\.[A-Z]+ ?/gm, '')
    .replaceAll(/["']/g, '')

/** The part of a page from a heading to the next. */
const sectionOf = (source: string, heading: string): string =>
  visible(source.split(/^\.SH /m).find((part) => part.startsWith(`${heading}\n`)) ?? '')

/** Asserts that each name stands in the text as a word of its own. */
function assertNamed(names: readonly string[], text: string, what: string): void {
  const words = new Set(text.split(/[\s,;:()[\]{}=]+/).flatMap((word) => [word, word.replace(/\.$/, '')]))
  const missing = names.filter((name) => !words.has(name))
  assert.deepEqual(missing, [], `${what}: not named`)
}

describe('generated documentation', () => {
  it('is what `npm run docs` would write now', async () => {
    for (const [path, text] of await generatedFiles())
      assert.equal(read(path), text, `${path} is out of date: npm run docs`)
  })

  it('has no page of a command that is gone', async () => {
    const made = [...(await generatedFiles()).keys()].filter((path) => path.startsWith('man/'))
    assert.deepEqual(
      pages,
      [
        ...made,
        'man/ovsd-errors.7',
        'man/ovsd-expectations.5',
        'man/ovsd-net.7',
        'man/ovsd-policy.5',
        'man/ovsd.8',
      ].sort(),
    )
  })

  it('gives no formatter anything to misread', () => {
    assert.equal(escapeText('.a \\ --dry-run re-run 10-20'), String.raw`\&.a \e \-\-dry\-run re-run 10\-20`)
    assert.equal(literal("a-b 'c' \\"), String.raw`a\-b \(aqc\(aq \e`)
    assert.deepEqual(prose('does this. Then e.g. that'), ['Does this.', 'Then e.g. that.'])
  })
})

describe('ovsd-net(7)', () => {
  it('names every option of --opt', () => {
    assertNamed(OPTION_NAMES, sectionOf(read('man/ovsd-net.7'), 'OPTIONS'), 'ovsd-net(7)')
  })

  it('explains every mode, and every way to addresses', () => {
    const page = read('man/ovsd-net.7')
    assertNamed(['nat', 'flat', 'l2'], sectionOf(page, 'MODES'), 'MODES')
    assertNamed(['docker', 'static', 'external', 'ovn'], sectionOf(page, 'ADDRESSES'), 'ADDRESSES')
  })
})

describe('manual pages', function () {
  this.timeout(60_000)

  for (const page of pages) {
    it(`${page} is clean for mandoc`, function () {
      complaintsOf(this, page, 'mandoc', ['-Tlint', '-Wwarning', page])
    })

    it(`${page} is clean for man and groff`, function () {
      complaintsOf(this, page, 'man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', page])
    })
  }

  it('say nothing when there is nothing to see: the two tools do complain about a bad page', function () {
    const input = '.TH X 8 2026-01-01\n.SH NAME\nx \\- y\n.TP\n.B \\[nosuchglyph]\n.SH\n'
    for (const [tool, args] of [
      ['mandoc', ['-Tlint', '-Wwarning']],
      ['man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', '-']],
    ] as const)
      assert.notEqual(runTool(this, tool, args, input), '', tool)
  })
})

/** Asserts that a tool has nothing to say about a page. */
function complaintsOf(test: Mocha.Context, page: string, tool: string, args: readonly string[]): void {
  assert.equal(runTool(test, tool, args), '', page)
}

/** What a formatter complains about. Without the tool the test is skipped, which fails in CI (scripts/test.ts). */
function runTool(test: Mocha.Context, tool: string, args: readonly string[], input = ''): string {
  // As lintian runs it: man would otherwise take width and macros from the caller.
  const env = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', MANROFFSEQ: '', MANWIDTH: '80' }
  const { error, stdout, stderr } = spawnSync(tool, args, { cwd: root, encoding: 'utf8', env, input })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    console.log(`      skipped: ${tool} is not installed`)
    test.skip()
  }
  assert.equal(error, undefined)
  // mandoc's complaints are its output; man's output is the page.
  return tool === 'mandoc' ? stdout + stderr : stderr
}

describe('ovsd-errors(7)', () => {
  const codes = Object.keys(errorCodes())
  const entries = [...read('man/ovsd-errors.7').matchAll(/^\.TP\n\.B (\w+)$/gm)].map(([, code]) => code)

  it('has an entry for every error code of the program, and for nothing else, in the order of the alphabet', () => {
    assert.ok(codes.includes('BadInput') && codes.includes('PortMissing'), codes.join(' '))
    assert.deepEqual(entries, codes)
  })
})

describe('ovsd(8)', () => {
  const page = read('man/ovsd.8')

  it('names every command', async () => {
    const ids = (await visibleCommands()).map(({ id }) => id)
    assertNamed(
      ids.map((id) => `ovsd-${id.replaceAll(':', '-')}`),
      sectionOf(page, 'COMMANDS').replaceAll(' (8)', ''),
      'COMMANDS',
    )
  })

  it('names every global option and every variable that stands for one', async () => {
    const flags = (await visibleCommands()).flatMap(({ flags: all }) => Object.values(all))
    const global = flags.filter(({ helpGroup }) => helpGroup === 'GLOBAL')
    const text = sectionOf(page, 'GLOBAL OPTIONS')
    assertNamed([...new Set(global.map(({ name }) => `--${name}`))], text, 'GLOBAL OPTIONS')
    const variables = [...new Set(flags.flatMap(({ env }) => env ?? []))]
    assertNamed(variables, sectionOf(page, 'ENVIRONMENT'), 'ENVIRONMENT')
  })

  it('names every mark that a port gets', () => {
    const attachment = {
      bridge: 'br0',
      iface: 'eth1',
      target: { kind: 'namespace', typed: 'x', id: 'x', name: 'x', generation: '1', netnsPath: '/x' },
      addresses: [{ ip: { text: '10.0.0.2' }, text: '10.0.0.2/24' }],
      gateways: [],
      routes: [],
      mac: '02:00:00:00:00:01',
      owner: 'cli',
      tenant: 'blue',
      network: 'blue',
      persist: true,
      external: { ip: { family: 4, text: '192.0.2.10' }, link: 'eth0' },
    } as unknown as Attachment
    const keys = [attachment, { ...attachment, target: endpointTarget('x') }]
      .flatMap((one) => Object.keys(marksFor(one)))
      .map((key) => key.replace(/^(ovsd_(ip|mac|ext)\.).*/, '$1'))
    keys.push('ovsd_persist.', 'ovsd_net.')
    const spec: Record<keyof Spec, true> = { addresses: true, gateways: true, routes: true, mac: true, mtu: true }
    assertNamed([...keys, ...Object.keys(spec)], sectionOf(page, 'MARKS'), 'MARKS')
  })

  it('names every owner', () => {
    const isWritten: Record<Attachment['owner'], boolean> = { cli: true, watch: true, net: true, plugin: true }
    const [, told = ''] = /ovsd_owner\n([\s\S]*?)ovsd_netns/.exec(sectionOf(page, 'MARKS')) ?? []
    assertNamed(Object.keys(isWritten), told, 'ovsd_owner')
  })

  // The compiler keeps these lists complete: a key that is missing here does not pass the type check.
  it('names every key of --json', () => {
    const attach: Record<keyof AttachResult, true> = {
      bridge: true,
      port: true,
      container: true,
      containerId: true,
      interface: true,
      addresses: true,
      gateways: true,
      mac: true,
      mtu: true,
      vlan: true,
      status: true,
      replaced: true,
    }
    const detach: Record<keyof DetachedPorts, true> = {
      bridge: true,
      container: true,
      removed: true,
      askedByLabels: true,
      leftToDocker: true,
    }
    const vlan: Record<keyof VlanResult, true> = {
      bridge: true,
      port: true,
      container: true,
      interface: true,
      vlan: true,
      before: true,
    }
    const listed: Record<keyof TitledAttachment, true> = {
      bridge: true,
      port: true,
      container: true,
      containerId: true,
      interface: true,
      addresses: true,
      mac: true,
      vlan: true,
      mtu: true,
      network: true,
      networkTitle: true,
      tenant: true,
      owner: true,
      publishedPorts: true,
      state: true,
      reason: true,
    }
    const removed: Record<keyof Garbage | keyof GarbageResult, true> = {
      bridge: true,
      port: true,
      container: true,
      interface: true,
      reason: true,
      removed: true,
      centralAway: true,
    }
    type Judged = keyof PolicyCheck | keyof Verdict | keyof Violation | keyof NonNullable<Verdict['refusal']>
    const judged: Record<Judged, true> = {
      policy: true,
      rules: true,
      wishes: true,
      imageLabels: true,
      interface: true,
      bridge: true,
      allowed: true,
      violations: true,
      refusal: true,
      rule: true,
      label: true,
      message: true,
      code: true,
      next: true,
    }
    const dry: Record<keyof DryRun, true> = { dryRun: true, commands: true }
    const error: Record<keyof ErrorJson['error'], true> = { code: true, message: true, next: true, left: true }
    const shown = ['bridges', 'datapath', 'ports', 'attachment', 'attachments']
    const keys = [attach, detach, vlan, listed, removed, judged, dry, error].flatMap((one) => Object.keys(one))
    assertNamed([...new Set([...keys, ...shown])], sectionOf(page, 'JSON'), 'JSON')
  })
})
