// Central in a container, while ovsd is killed, and after the notes of a host are lost: what ovsd made is known as its own.
import { strict as assert } from 'node:assert'
import { hostLink } from '../support/host-link.ts'
import { eachKill } from '../support/each-kill.ts'
import { errorOf, ok, ovsd } from '../support/ovsd.ts'
import { ovnBase, ovnImage, type TestImage } from '../support/ovn-image.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'

const bootstrap = ['ovn', 'bootstrap', '--listen=192.0.2.7', '--insecure']
const teardown = ['ovn', 'teardown', '--delete-data']

const now = () => ({
  host: snapshot(),
  settings: tool('ovs-vsctl', '--columns=external_ids,ssl', 'list', 'Open_vSwitch'),
  containers: tool('docker', 'ps', '--all', '--format={{.Names}}'),
  networks: tool('docker', 'network', 'ls', '--format={{.Name}}'),
  volumes: tool('docker', 'volume', 'ls', '--format={{.Name}}'),
})

describe('ovn bootstrap with central in a container, killed', function () {
  this.timeout(300_000)
  let base: TestImage
  let image: TestImage
  let link: Disposable
  let none: ReturnType<typeof now>
  before(() => {
    base = ovnBase()
    image = ovnImage(base)
    link = hostLink()
    none = now()
  })
  after(() => {
    link[Symbol.dispose]()
    image[Symbol.dispose]()
    base[Symbol.dispose]()
  })

  /** Kills a command at each call of a tool in turn, on a host that `prepare` has prepared; then `check` is called. */
  function atEveryCall(args: readonly string[], prepare: () => void, check: () => void): void {
    for (const { path, isReached, what } of eachKill({ more: ['docker'], atLeast: 4 })) {
      prepare()
      const { status, stderr } = ovsd(args, { PATH: path })
      const isKilled = isReached()
      assert.equal(status, isKilled ? 137 : 0, `${what()}: ${stderr}`)
      try {
        check()
      } catch (error) {
        throw new Error(what(), { cause: error })
      }
    }
  }

  it('at each call: it can be taken away at once; or the same command completes it, and then it goes', () => {
    atEveryCall(
      bootstrap,
      () => undefined,
      () => {
        ok('ovn', 'leave')
        ok(...teardown)
        assert.deepEqual(now(), none)
      },
    )
    atEveryCall(
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

  it('ovn teardown, at each call: the same command completes it', () => {
    atEveryCall(
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

  it('of a host that has lost its notes: it is known by its labels, and others are not', () => {
    ok(...bootstrap)
    ok('ovn', 'leave')
    const forget = () => tool('ovs-vsctl', 'remove', 'Open_vSwitch', '.', 'external_ids', 'ovsd_central', 'ovsd_nb_id')
    forget()
    assert.match(ok('ovn', 'teardown'), /^Central removed; its databases stay/)
    assert.match(ok('ovn', 'teardown'), /^Nothing to do/)
    // Nobody can be asked who belongs to databases that do not run.
    assert.equal(errorOf(ovsd([...teardown, '--json'])).code, 'CentralInUse')
    ok(...bootstrap)
    ok('ovn', 'leave')
    forget()
    assert.match(ok(...teardown), /^Central removed, and its databases/)
    assert.deepEqual(now(), none)
    tool('docker', 'volume', 'create', 'ovn-central')
    assert.match(ok(...teardown), /^Nothing to do: ovsd has made no central here/)
    tool('docker', 'volume', 'rm', 'ovn-central')
    // Nor has a host without an engine any.
    assert.match(
      ok(...teardown, '--docker=unix:///run/no-engine.sock'),
      /^Nothing to do: ovsd has made no central here/,
    )
  })
})
