// What people are told of networks that may cut off their host.
import { strict as assert } from 'node:assert'
import { execaSync } from 'execa'
import { tellPending } from '../../src/lib/network/pending.ts'
import { testBridge } from '../support/bridge.ts'
import { lan } from '../support/lan.ts'
import { removeAll } from '../support/nat.ts'
import { tool } from '../support/tool.ts'

const ID = 'ab'.repeat(32)
/** The sources: what is told is not worth a build. */
const told = (...args: string[]): string =>
  execaSync(process.execPath, ['bin/dev.ts', ...args], { env: { CI: 'true' }, stdin: 'ignore' }).stdout

describe('what is told of a network', function () {
  this.timeout(120_000)
  afterEach(removeAll)

  it('whose NIC was forced: that ovsd watch has to run after a reboot; nothing of it without', () => {
    using bridge = testBridge()
    using net = lan()
    const line = ['net', 'create', 'blue', `--bridge=${bridge.name}`, `--uplink=${net.nic}`]
    const made = told(...line, '--force')
    assert.match(made, /; after a reboot .* again, .* until ovsd watch moves them: systemctl enable --now ovsd-watch$/)
    assert.doesNotMatch(told(...line, '--may-exist'), /reboot/)
  })

  it('that nobody confirmed in time, by net ls and net inspect: so, and what to type', () => {
    const record = JSON.stringify({ id: ID, mode: 'l2' })
    const pending = JSON.stringify({ id: ID, until: { boot: 'another', seconds: 1 }, at: '2026-01-01T00:00:00.000Z' })
    tool('ovs-vsctl', 'add-br', 'bt0', '--', 'set', 'Bridge', 'bt0', 'datapath_type=netdev')
    using _bridge = { [Symbol.dispose]: () => tool('ovs-vsctl', '--if-exists', 'del-br', 'bt0') }
    for (const [key, value] of Object.entries({ 'ovsd_net.blue': record, 'ovsd_pending.blue': pending }))
      tool('ovs-vsctl', 'set', 'Bridge', 'bt0', `external_ids:${key}=${JSON.stringify(value)}`)
    const words = tellPending('blue', { until: '', secondsLeft: 0, watchdog: null }) ?? ''
    assert.match(words, /^not confirmed in time, and there still: .*; to keep it: ovsd net confirm blue$/)
    assert.ok(told('net', 'ls').includes(`blue: ${words}`))
    assert.ok(told('net', 'inspect', 'blue').includes(words))
  })
})
