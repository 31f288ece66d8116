// The central of the distribution, while ovsd is killed: whose it is, is never forgotten, and never mistaken.
import { strict as assert } from 'node:assert'
import { ok, ovsd } from '../support/ovsd.ts'
import { eachKill } from '../support/each-kill.ts'
import { comesTrue, OVN_CTL } from '../support/ovn.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { underlay, type Underlay } from '../support/underlay.ts'

const shell = (line: string): string => tool('sh', '-c', line)
const bootstrap = ['ovn', 'bootstrap', '--central=local']
const teardown = ['ovn', 'teardown', '--delete-data']
/** What ovn-ctl(8) and ovsd itself call besides the tools of OVN. */
const MORE = ['rm', 'ovsdb-tool', 'ovn-appctl', 'ovs-appctl']

const now = () => ({
  host: snapshot(),
  settings: tool('ovs-vsctl', '--columns=external_ids,ssl', 'list', 'Open_vSwitch'),
  daemons: shell('pgrep -a "ovn-|ovsdb-server" | sed "s/^[0-9]* //" | sort'),
  files: tool('ls', '-A', '/var/lib/ovn'),
})

/** The script that starts and ends the daemons goes on when ovsd is killed. */
const scriptsEnd = () => comesTrue(() => Promise.resolve(shell('pgrep -f "ovn-ct[l]" || true') === ''), 'ovn-ctl ends')

describe('ovn bootstrap --central local, killed', function () {
  this.timeout(300_000)
  let hosts: Underlay
  let none: ReturnType<typeof now>
  before(async () => {
    hosts = await underlay(0)
    // The name of a host stays (ovn leave), and so do folders.
    ok(...bootstrap)
    ok('ovn', 'leave')
    ok(...teardown)
    none = now()
    assert.equal(none.files, '')
  })
  after(() => hosts[Symbol.asyncDispose]())

  /** Kills a command at each call of a tool in turn, on a host that `prepare` has prepared; then `check` is called. */
  async function atEveryCall(args: readonly string[], prepare: () => void, check: () => void): Promise<void> {
    for (const { path, isReached, what } of eachKill({ more: MORE, atLeast: 5 })) {
      prepare()
      const { status, stderr } = ovsd(args, { PATH: path })
      const isKilled = isReached()
      await scriptsEnd()
      assert.equal(status, isKilled ? 137 : 0, `${what()}: ${stderr}`)
      try {
        check()
      } catch (error) {
        throw new Error(what(), { cause: error })
      }
    }
  }

  it('at each call: the same command completes it, and what it made goes without a trace', async () => {
    await atEveryCall(
      bootstrap,
      () => undefined,
      () => {
        ok(...bootstrap)
        assert.match(ok('ovn', 'status'), /All is well/)
        ok('ovn', 'leave')
        ok(...teardown)
        assert.deepEqual(now(), none)
      },
    )
  })

  it('at each call: without a second try it can be taken away, too', async () => {
    await atEveryCall(
      bootstrap,
      () => undefined,
      () => {
        ok('ovn', 'leave')
        ok(...teardown)
        assert.deepEqual(now(), none)
      },
    )
  })

  it('ovn teardown, at each call: the same command completes it', async () => {
    await atEveryCall(
      teardown,
      () => {
        ok(...bootstrap)
        ok('ovn', 'leave')
      },
      () => {
        ok(...teardown)
        assert.deepEqual(now(), none)
      },
    )
  })

  it('a central that others started stays, whatever is killed', async () => {
    tool(OVN_CTL, 'start_northd')
    tool('ovn-nbctl', 'ls-add', 'precious')
    const theirs = now()
    await atEveryCall(
      bootstrap,
      () => undefined,
      () => {
        ok(...teardown, '--force')
        ok(...bootstrap)
        ok('ovn', 'leave')
        assert.match(ok(...teardown), /^Nothing to do: ovsd has made no central here/)
        assert.deepEqual(now(), theirs)
      },
    )
    assert.match(tool('ovn-nbctl', 'ls-list'), /precious/)
    tool(OVN_CTL, 'stop_northd')
    shell('rm -f /var/lib/ovn/* /var/lib/ovn/.ovn*')
  })
})
