import { strict as assert } from 'node:assert'
import { openHost } from '../../src/lib/host.ts'
import { lifeOf, remotesAt } from '../../src/lib/ovn/life.ts'
import { commandsOf } from '../../src/lib/plan/step.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { shellLine } from '../../src/lib/system/command.ts'
import { bringUp, engineNow, inspected, listening, look, nbctl, signal, takeDown } from '../support/ovn-container.ts'
import { ovnBase, ovnImage, type TestImage } from '../support/ovn-image.ts'
import { comesTrue } from '../support/ovn.ts'
import { tool } from '../support/tool.ts'

const ADDRESS = '172.30.0.5'
const answers = async (): Promise<boolean> => 'id' in (await lifeOf(remotesAt(ADDRESS)))
const pid = (): number => Number(inspected('.State.Pid'))

describe("OVN's central in a container", function () {
  this.timeout(120_000)
  let base: TestImage
  let found: unknown
  before(() => {
    found = engineNow()
    base = ovnBase()
  })
  after(() => {
    base[Symbol.dispose]()
    assert.deepEqual(engineNow(), found, 'something is left')
  })
  afterEach(() => takeDown())

  it('from nothing: image, network, volume, container; says what it builds; a second time there is nothing to do', async () => {
    const said: string[] = []
    const begun: string[] = []
    const observer = {
      ...nobody,
      started: ({ id }: { id: string }) => begun.push(id),
      says: ({ id }: { id: string }, line: string) => said.push(`${id}: ${line}`),
    }
    const central = await bringUp({}, { observer })
    assert.deepEqual(begun, [
      ...['central-network.create', 'central-volume.create', 'central-image.build'],
      ...['central.create', 'central.start', 'central.ready'],
    ])
    assert.ok(
      said.some((line) => /^central-image\.build: .*Successfully/.test(line)),
      said.join('\n'),
    )
    const where = {
      ...{ northbound: `tcp:${ADDRESS}:6641`, southbound: `tcp:${ADDRESS}:6642` },
      ...{ network: 'transit-overlay', subnet: '172.30.0.0/24', address: ADDRESS },
      ...{ container: 'ovn-central', volume: 'ovn-central', image: 'ovsd-ovn-central:1', listen: undefined },
    }
    assert.deepEqual({ ...central, stages: [] }, { ...where, stages: [], created: true, newDatabase: true })
    assert.ok(await answers())
    // Northbound, ovn-northd and southbound work together.
    tool('ovn-nbctl', `--db=${central.northbound}`, 'ls-add', 'blue')
    tool('ovn-nbctl', `--db=${central.northbound}`, '--timeout=10', '--wait=sb', 'sync')
    assert.match(tool('ovn-sbctl', `--db=${central.southbound}`, 'list', 'Datapath_Binding'), /name=blue/)
    using host = openHost()
    const { stages, ...again } = await look(host)
    assert.deepEqual([stages, again], [[], { ...where, created: false, newDatabase: false }])
  })

  it('what --dry-run prints, pasted, makes the same', async () => {
    const asked = { image: 'registry.example/pasted:1' }
    using host = openHost()
    const { stages } = await look(host, asked)
    const commands = commandsOf({ onFailure: 'unwind', title: '', stages })
    assert.equal(commands.length, 5)
    tool('sh', '-ec', commands.map(shellLine).join('\n'))
    await comesTrue(answers, 'central answers')
    assert.deepEqual((await look(host, asked)).stages, [])
  })

  describe('with its image', () => {
    let image: TestImage
    before(() => {
      image = ovnImage(base)
    })
    after(() => {
      image[Symbol.dispose]()
    })

    it('has no privilege that it does not need, and nobody has to be root in it', async () => {
      await bringUp()
      assert.deepEqual(
        [inspected('.HostConfig.CapDrop'), inspected('.HostConfig.CapAdd'), inspected('.HostConfig.SecurityOpt')],
        [['ALL'], null, ['no-new-privileges']],
      )
      assert.deepEqual(
        [inspected('.HostConfig.Privileged'), inspected('.HostConfig.ReadonlyRootfs'), inspected('.HostConfig.Binds')],
        [false, true, ['ovn-central:/var/lib/ovn']],
      )
      assert.deepEqual(Object.keys(inspected('.HostConfig.Tmpfs') as object), ['/run', '/tmp'])
      assert.deepEqual(inspected('.HostConfig.RestartPolicy.Name'), 'unless-stopped')
      const status = tool('cat', `/proc/${pid()}/status`)
      assert.match(status, /^Uid:\s6641\s6641\s6641\s6641$/m)
      assert.match(status, /^CapBnd:\s0{16}$/m)
      assert.match(status, /^NoNewPrivs:\s1$/m)
      assert.throws(() => tool('docker', 'exec', 'ovn-central', 'touch', '/etc/x'), /Read-only/)
    })

    it('listens on none of the addresses of the host, unless it is told to', async () => {
      const before = listening()
      await bringUp()
      assert.deepEqual(listening(), before)
      await takeDown()
      const { listen } = await bringUp({ listen: '127.0.0.1' })
      assert.equal(listen, '127.0.0.1')
      assert.deepEqual(listening(), [...before, '127.0.0.1:6641', '127.0.0.1:6642'].sort())
      tool('ovn-nbctl', '--db=tcp:127.0.0.1:6641', '--timeout=5', 'show')
      using host = openHost()
      assert.deepEqual((await look(host, { listen: '127.0.0.1' })).stages, [])
    })

    it('is healthy, and not when ovn-northd does not answer', async () => {
      await bringUp()
      const check = ['docker', 'exec', 'ovn-central', 'sh', '/usr/local/lib/ovn-central/health'] as const
      assert.equal(tool(...check).trim(), 'Status: active')
      tool('docker', 'exec', 'ovn-central', 'ovn-appctl', '-t', '/run/ovn/ovn-northd.ctl', 'pause')
      assert.throws(() => tool(...check))
      assert.deepEqual(inspected('.Config.Healthcheck.Test'), ['CMD', 'sh', '/usr/local/lib/ovn-central/health'])
    })

    it('stops in order and quickly, and starts with its data', async () => {
      await bringUp()
      nbctl('ls-add', 'blue')
      const start = performance.now()
      tool('docker', 'stop', 'ovn-central')
      assert.ok(performance.now() - start < 3000, String(performance.now() - start))
      assert.equal(inspected('.State.ExitCode'), 0)
      const { created, stages } = await bringUp()
      assert.deepEqual([created, stages.flat().map(({ id }) => id)], [false, ['central.start', 'central.ready']])
      assert.match(nbctl('ls-list'), /blue/)
    })

    for (const [what, program] of Object.entries({
      'its first process': '',
      'ovn-northd': 'ovn-northd',
      'a database': 'ovsdb-server',
    }))
      it(`${what} is killed: Docker starts it again, with its data`, async () => {
        await bringUp()
        nbctl('ls-add', 'blue')
        const before = pid()
        const inside = tool('docker', 'top', 'ovn-central', '-eo', 'pid,comm').split('\n')
        const victim = inside.find((line) => line.includes(program) && program !== '') ?? String(before)
        process.kill(Number.parseInt(victim), 'SIGKILL')
        await comesTrue(() => Promise.resolve(![0, before].includes(pid())), 'it has another life')
        await comesTrue(answers, 'central answers')
        assert.match(nbctl('ls-list'), /blue/)
        using host = openHost()
        assert.deepEqual((await look(host)).stages, [])
      })

    it('its container is removed: it is made anew, with its data', async () => {
      await bringUp()
      nbctl('ls-add', 'blue')
      tool('docker', 'rm', '--force', 'ovn-central')
      const { created, newDatabase } = await bringUp()
      assert.deepEqual([created, newDatabase], [true, false])
      assert.match(nbctl('ls-list'), /blue/)
    })

    it('a run that was killed in between: the next one completes it', async () => {
      using host = openHost()
      const { stages } = await look(host)
      for (let done = 1; done <= stages.length; done++) {
        for (const step of (await look(host)).stages.slice(0, done).flat()) await step.apply(signal)
        await bringUp()
        assert.ok(await answers(), String(done))
        await takeDown()
      }
    })

    it('every step: done after apply, and not before; undone twice, the engine is as it was', async () => {
      using host = openHost()
      const { stages } = await look(host)
      const begun = []
      const before = engineNow()
      for (const step of stages.flat()) {
        await step.undo(signal)
        assert.equal(await step.isDone(signal), false, step.id)
        await step.apply(signal)
        assert.equal(await step.isDone(signal), true, step.id)
        begun.unshift(step)
      }
      for (const step of [...begun, ...begun]) await step.undo(signal)
      assert.deepEqual(engineNow(), before)
    })

    it('a database of another version is converted, and kept as it was', async () => {
      await bringUp()
      nbctl('ls-add', 'blue')
      tool('docker', 'stop', 'ovn-central')
      const folder = tool('docker', 'volume', 'inspect', '--format={{.Mountpoint}}', 'ovn-central').trim()
      const file = `${folder}/ovnnb_db.db`
      // As an earlier version would have left it, together with what a conversion leaves that was killed.
      tool(
        'sh',
        '-ec',
        `cd $(mktemp -d)
        sed 's/"version": "[0-9.]*"/"version": "5.0.0"/; s/"cksum": "[^"]*",//' /usr/share/ovn/ovn-nb.ovsschema >schema
        ovsdb-tool convert ${file} schema older
        cat older >${file}
        echo half >${file}.new
        rm -r "$PWD"`,
      )
      await bringUp()
      assert.match(nbctl('ls-list'), /blue/)
      assert.equal(tool('ovsdb-tool', 'db-version', `${file}.before-5.0.0`).trim(), '5.0.0')
      assert.notEqual(tool('ovsdb-tool', 'db-version', file).trim(), '5.0.0')
    })

    it('that does not come up says why, and is undone', async () => {
      await bringUp()
      await takeDown(false)
      const folder = tool('docker', 'volume', 'inspect', '--format={{.Mountpoint}}', 'ovn-central').trim()
      tool('sh', '-c', `echo nonsense >${folder}/ovnsb_db.db`)
      const before = engineNow()
      await assert.rejects(bringUp(), (error: { code: string; message: string }) => {
        assert.equal(error.code, 'CentralNotReady')
        assert.match(error.message, /ends again and again/)
        assert.match(error.message, /ovnsb_db\.db/)
        return true
      })
      assert.deepEqual(engineNow(), before)
    })
  })
})
