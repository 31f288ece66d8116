// `ovsd policy check` through the real program. Without --container it looks at files only.
import { strict as assert } from 'node:assert'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/build/layout.ts'
import type { PolicyCheck } from '../../src/commands/policy/check.ts'
import { RULES } from '../../src/lib/policy/parse-policy.ts'
import { start } from '../support/ovsd.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/socket-server.ts'
import { untouchedHost, type UntouchedHost } from '../support/untouched-host.ts'

describe('policy check', function () {
  this.timeout(60_000)
  let host: UntouchedHost
  let folder: TemporaryFolder
  let file: string

  beforeEach(async () => {
    host = await untouchedHost()
    folder = temporaryFolder()
    file = join(folder.path, 'policy.yaml')
    // An empty file of settings, so that those of this machine do not count.
    writeFileSync(join(folder.path, 'ovsd.yaml'), '')
  })
  afterEach(async () => {
    assert.deepEqual(host.touched(), [])
    folder[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
  })

  const check = (...words: string[]) =>
    start(['policy', 'check', `--config=${join(folder.path, 'ovsd.yaml')}`, ...words], host.env).ended
  const checkJson = async (...words: string[]) => {
    const { status, stdout, stderr } = await check(...words, '--json')
    assert.equal(stderr, '')
    return { status, answer: JSON.parse(stdout) as PolicyCheck }
  }
  const errorOf = async (...words: string[]) => {
    const { status, stdout } = await check(...words, '--json')
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string; next: string } }
    return [status, error.code, error.message]
  }

  it('says what a file allows, and what is built in', async () => {
    writeFileSync(file, 'bridges: [lab1, "lab2*"]\nvlans: [10-19]\nexternal: { interfaces: [eno1] }\n')
    const { status, stdout, stderr } = await check(file)
    assert.deepEqual([status, stderr], [0, ''])
    assert.ok(stdout.startsWith(`Policy: ${file}\n`))
    for (const line of [/^bridges +lab1, lab2\* +file$/m, /^vlans +10-19 +file$/m, /^trunks +none +built-in$/m])
      assert.match(stdout, line)
    assert.match(stdout, /^external +on eno1, of none +file$/m)
    const { answer } = await checkJson(file)
    assert.deepEqual([answer.policy, answer.wishes, answer.imageLabels], [file, [], []])
    assert.deepEqual(answer.rules['vlans'], ['10-19'])
    assert.deepEqual(answer.rules['external'], { interfaces: ['eno1'], subnets: false })
    assert.equal(Object.keys(answer.rules).length, RULES.length)
    // Those about networks alone: a file that has none of them allows nothing.
    for (const rule of ['uplinks', 'tunnels', 'mirror', 'central']) assert.equal(answer.rules[rule], false)
    assert.match(stdout, /^uplinks +none +built-in$/m)
  })

  it('says of each interface whether labels get it, and by which rule not', async () => {
    writeFileSync(file, 'vlans: [10]\nmac: false\n')
    const labels = [
      ...['ovs.ip_address=10.0.0.2/24', 'ovs.vlan=11', 'ovs.mac_address=02:42:0a:00:00:02'],
      ...['ovs.eth2.vlan=10', 'ovs.eth3.vlan=x', 'ovs.eth2.ip_address=10.0.1.2/24', 'other=label'],
    ].map((label) => `--label=${label}`)
    const { status, answer } = await checkJson(file, ...labels)
    assert.equal(status, 1)
    assert.deepEqual(
      answer.wishes.map(({ interface: iface, allowed, violations, refusal }) => [
        iface,
        allowed,
        violations.map(({ rule }) => rule),
        refusal?.label,
      ]),
      [
        ['eth1', false, ['vlans', 'mac'], undefined],
        ['eth2', true, [], undefined],
        ['eth3', false, [], 'ovs.eth3.vlan'],
      ],
    )
    const { stdout, status: again } = await check(file, ...labels)
    assert.equal(again, 1)
    assert.match(
      stdout,
      /^eth1 on ovsbr0: refused\n {2}ovs\.vlan: VLAN 11 is not allowed; allowed: 10\. \(rule vlans\)$/m,
    )
    assert.match(stdout, /^eth2 on ovsbr0: allowed$/m)
    assert.equal((await check(file, '--label=ovs.eth2.vlan=10')).status, 0)
    assert.deepEqual(await check(file, ...labels, '--quiet'), { status: 1, stdout: '', stderr: '' })
  })

  it('takes a path from the folder that it is typed in, and none', async () => {
    assert.equal((await checkJson('packaging/policy.yaml')).answer.policy, join(root, 'packaging/policy.yaml'))
    const { status, answer } = await checkJson('--policy=none', '--label=ovs.eth2.bridge=br-int')
    assert.deepEqual([status, answer.policy], [0, 'none'])
  })

  it('works with the settings of the daemon', async () => {
    writeFileSync(file, '')
    writeFileSync(join(folder.path, 'ovsd.yaml'), `bridge: br7\npolicy: ${file}\n`)
    const { status, answer } = await checkJson('--label=ovs.ip_address=10.0.0.2/24')
    assert.deepEqual([status, answer.policy, answer.wishes[0]?.bridge], [0, file, 'br7'])
  })

  it('judges networks by their names, and says so, where no database knows them', async () => {
    writeFileSync(file, 'networks: ["b*"]\nbridges: false\n')
    const words = [`--db=unix:${folder.path}/none`, '--label=ovs.network=blue', '--label=ovs.eth2.network=red']
    const { status, stdout, stderr } = await check(file, ...words)
    assert.equal(status, 1)
    assert.match(stderr, /warning: .*Of networks only the names are judged\./)
    assert.match(stdout, /^eth1: allowed$/m)
    assert.match(stdout, /^eth2: refused\n {2}ovs\.eth2\.network: the network red is not allowed; allowed: b\*\./m)
    const { stdout: json } = await check(file, ...words, '--json')
    const { wishes } = JSON.parse(json) as PolicyCheck
    assert.deepEqual(
      wishes.map(({ bridge, allowed, violations }) => [bridge, allowed, violations.map(({ rule }) => rule)]),
      [
        ['', true, []],
        ['', false, ['networks']],
      ],
    )
    assert.equal((await check(file, '--label=ovs.network=blue', '--label=ovs.trunks=10', '--json')).status, 1)
  })

  it('refuses a file that is malformed, missing, or that others can write', async () => {
    writeFileSync(file, 'mac: true\nbrigdes: [a]\n')
    assert.deepEqual(await errorOf(file), [2, 'PolicyInvalid', `${file}, line 2: there is no rule "brigdes".`])
    chmodSync(file, 0o666)
    assert.deepEqual((await errorOf(file)).slice(0, 2), [1, 'PolicyUnsafe'])
    assert.deepEqual((await errorOf(`${file}-`)).slice(0, 2), [1, 'PolicyUnreadable'])
    writeFileSync(join(folder.path, 'ovsd.yaml'), 'brigde: br0\n')
    assert.deepEqual((await errorOf()).slice(0, 2), [2, 'SettingsInvalid'])
  })

  it('brings no control characters to the terminal', async () => {
    const { stdout, stderr } = await check('--label=ovs.a\u001B[2J.ip_address=\u202E', '--label=ovs.\u009B.vlan=1')
    assert.doesNotMatch(stdout + stderr, /[\u001B\u009B\u202E]/)
    assert.match(stdout, /u001b/)
  })

  it('is completed word by word', async () => {
    const complete = async (...words: string[]) => (await start(['__complete', '--', ...words], host.env).ended).stdout
    assert.equal(await complete('pol'), 'policy\n')
    assert.equal(await complete('policy', ''), 'check\n')
    assert.equal(await complete('policy', 'check', '--pol'), '--policy=\n')
  })
})
