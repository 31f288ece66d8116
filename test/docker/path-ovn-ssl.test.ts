// `ovsd path` where OVN's central is on another host, behind ssl.
import { strict as assert } from 'node:assert'
import { authority } from '../support/authority.ts'
import { container, type TestContainer } from '../support/containers.ts'
import { ok, ovsd } from '../support/ovsd.ts'
import { startCentral } from '../support/ovn.ts'
import { temporaryFolder } from '../support/socket-server.ts'
import { tool } from '../support/tool.ts'
import { underlay, type FarSite, type Underlay } from '../support/underlay.ts'

interface Said {
  readonly arrives: boolean | null
  readonly said: string
  readonly cause: string | null
  readonly fix: readonly string[]
}

describe('path on OVN behind ssl', function () {
  this.timeout(180_000)
  let hosts: Underlay
  let far: FarSite
  let central: AsyncDisposable
  let web: TestContainer
  let db: TestContainer
  const files = temporaryFolder()

  before(async () => {
    const good = authority(files.path, 'good')
    hosts = await underlay(1)
    far = hosts.far[0] ?? assert.fail()
    central = await startCentral(far)
    const theirs = good.member('central')
    for (const [program, port] of [
      ['ovn-nbctl', '6641'],
      ['ovn-sbctl', '6642'],
    ] as const) {
      await far.run(program, 'set-ssl', theirs.key, theirs.cert, good.ca)
      await far.run(program, 'set-connection', `pssl:${port}:${far.address}`)
    }
    const { key, cert } = good.member('near')
    const keys = [`--private-key=${key}`, `--certificate=${cert}`, `--ca-cert=${good.ca}`]
    ok('ovn', 'join', `ssl:${far.address}`, ...keys)
    ok('net', 'create', 'blue', '--switch=ls-blue', '--subnet=10.5.0.0/24')
    web = container()
    db = container()
    for (const { name } of [web, db]) ok('net', 'connect', 'blue', name)
  })
  after(async () => {
    for (const one of [web, db]) one[Symbol.dispose]()
    ok('gc')
    ok('net', 'rm', 'blue')
    ok('ovn', 'leave')
    await central[Symbol.asyncDispose]()
    await hosts[Symbol.asyncDispose]()
    files[Symbol.dispose]()
  })

  it('asks with the files of this host, and says what to type with them', async () => {
    await far.run('ovn-nbctl', '--wait=hv', 'acl-add', 'ls-blue', 'to-lport', '7', 'icmp4', 'drop')
    const { cause, said, fix } = JSON.parse(ovsd(['path', web.name, db.name, '--json']).stdout) as Said
    assert.equal(cause, 'acl', said)
    const shown = fix.map((line) => tool('sh', '-c', line)).join('\n')
    assert.match(shown, /match +: icmp4[\s\S]*priority +: 7/)
    assert.match(shown, /to-lport +7 \(icmp4\) drop/)
  })
})
