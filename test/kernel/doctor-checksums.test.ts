// What doctor asks of the kernel about checksums: the same answers by one process as by ethtool.
import { strict as assert } from 'node:assert'
import { isOn, offloadsOn, type PlaceInside } from '../../src/lib/doctor/ports/checksums.ts'
import { ToolMissing } from '../../src/lib/errors.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { toolIn } from '../support/tool.ts'

const place = (path: string, iface = 'eth1'): PlaceInside => ({ path, iface, whose: 'a test' })

/** With an interface whose offload is off, or as the kernel makes it: on. */
function withOffload(isOff: boolean): BareNamespace {
  const made = bareNamespace()
  toolIn(made.path, 'ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'far')
  if (isOff) toolIn(made.path, 'ethtool', '-K', 'eth1', 'tx', 'off')
  return made
}

/** Notes the tools that it runs; without perl when it is told so. */
function noting(started: string[], without = ''): Runner {
  return async (command, signal) => {
    started.push(command.tool)
    if (command.tool === without) throw new ToolMissing(without, 'perl-base')
    return await run(command, signal)
  }
}

describe('checksums of many containers', function () {
  this.timeout(20_000)

  it('are asked for in one process, and without perl one by one, with the same answers', async () => {
    using off = withOffload(true)
    using on = withOffload(false)
    using last = withOffload(true)
    const places = [off, on, last].map(({ path }) => place(path))
    const [one, many]: [string[], string[]] = [[], []]
    assert.deepEqual(await offloadsOn(noting(one), places), [false, true, false])
    assert.deepEqual(one, ['perl'])
    assert.deepEqual(await offloadsOn(noting(many, 'perl'), places), [false, true, false])
    assert.deepEqual(many, ['perl', 'ethtool', 'ethtool', 'ethtool'])
    for (const [i, expected] of [false, true, false].entries())
      assert.equal(await isOn(run, places[i] ?? place('')), expected)
  })

  it('of what is gone are not on, and cost the others nothing', async () => {
    using on = withOffload(false)
    using off = withOffload(true)
    const places = [place('/run/netns/nobody'), place(on.path), place(off.path, 'eth7'), place(off.path)]
    assert.deepEqual(await offloadsOn(run, places), [false, true, false, false])
  })

  it("of the host's own namespace are not asked for", async () => {
    using on = withOffload(false)
    await assert.rejects(offloadsOn(run, [place(on.path), place('/proc/self/ns/net', 'lo')]), { code: 'HostNetwork' })
  })
})
