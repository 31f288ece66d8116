import { strict as assert } from 'node:assert'
import { portName } from '../../src/lib/attach/attachment.ts'
import { CommandFailed, OvsdError } from '../../src/lib/errors.ts'
import type { Host } from '../../src/lib/host.ts'
import { parseBridge } from '../../src/lib/net/ifname.ts'
import { NO_VLAN } from '../../src/lib/net/vlan.ts'
import type { ReversibleStep } from '../../src/lib/plan/step.ts'
import { bridgeCreate } from '../../src/lib/plan/steps/bridge-create.ts'
import { portAdd } from '../../src/lib/plan/steps/port-add.ts'
import { portRemove } from '../../src/lib/plan/steps/port-remove.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import { testDatabase, withoutSwitch, type TestDatabase } from '../support/database.ts'
import { attachment, ID } from '../support/samples.ts'

const NEVER = new AbortController().signal
const PORT = portName(ID, 'eth1')

describe('steps on a database without ovs-vswitchd', function () {
  this.timeout(30_000)
  let db: TestDatabase

  beforeEach(async () => {
    db = await testDatabase()
    db.vsctl('add-br', 'br0', '--', 'add-br', 'br1')
  })
  afterEach(async () => {
    await db[Symbol.asyncDispose]()
  })

  const names = (table: string): readonly string[] =>
    db
      .vsctl('--columns=name', '--bare', 'list', table)
      .split('\n')
      .filter((name) => name !== '')
      .sort()

  /** A host on which the test stands in for ovs-vswitchd: `play` is called after each command that was run. */
  const played = (play: () => void): Host =>
    db.host({
      async runner(command, signal) {
        // The link of a bridge is made by ovs-vswitchd.
        const output =
          command.tool === 'ip' ? { stdout: '', stderr: '', status: 0 } : await withoutSwitch(command, signal)
        play()
        return output
      },
    })

  const fails = (running: Promise<unknown>, code: string, words: RegExp) =>
    assert.rejects(running, (error) => {
      assert.ok(error instanceof OvsdError, String(error))
      assert.equal(error.code, code)
      assert.match(error.message, words)
      return true
    })

  describe('port.add', () => {
    it('is done when ovs-vswitchd has given the port a number', async () => {
      using host = played(() => db.vsctl('set', 'Interface', PORT, 'ofport=5'))
      const step = portAdd(host, attachment({ vlan: { kind: 'access', tag: 10 } }))
      assert.equal(await step.isDone(NEVER), false)
      await step.apply(NEVER)
      assert.equal(await step.isDone(NEVER), true)
      assert.equal(db.vsctl('port-to-br', PORT), 'br0')
      assert.equal(db.vsctl('get', 'Port', PORT, 'tag'), '10')
      await step.undo(NEVER)
      assert.deepEqual(
        [names('Port'), names('Interface')],
        [
          ['br0', 'br1'],
          ['br0', 'br1'],
        ],
      )
      await step.undo(NEVER)
    })

    it('says that ovs-vswitchd is silent when it does nothing', async () => {
      using host = db.host()
      const step = portAdd(host, attachment())
      await fails(step.apply(NEVER), 'SwitchSilent', /does not take up changes/)
      assert.equal(await step.isDone(NEVER), false)
      await step.undo(NEVER)
      assert.deepEqual(names('Port'), ['br0', 'br1'])
    })

    it('does not believe the exit status: a device that cannot be used is a failure', async () => {
      using host = played(() => db.vsctl('set', 'Interface', PORT, 'ofport=-1', 'error="no such device"'))
      await fails(portAdd(host, attachment()).apply(NEVER), 'PortFailed', /cannot use port .* on br0: no such device/)
    })

    it('notices when somebody removes the port at once', async () => {
      using host = played(() => db.vsctl('del-port', PORT))
      await fails(portAdd(host, attachment()).apply(NEVER), 'PortFailed', /vanished from br0/)
    })

    /** Runs the command, and says that it was stopped. */
    const stopped = (after: () => void): Runner => {
      return async (command, signal) => {
        await withoutSwitch(command, signal)
        after()
        throw new CommandFailed('ovs-vsctl', 'Alarm clock', true, 'Ended by SIGALRM')
      }
    }

    it('believes the database, and not that ovs-vsctl was stopped', async () => {
      using host = db.host({ runner: stopped(() => db.vsctl('set', 'Interface', PORT, 'ofport=5')) })
      await portAdd(host, attachment()).apply(NEVER)
    })

    it('says why ovs-vsctl was stopped when the port is there and ovs-vswitchd is silent', async () => {
      using host = db.host({ runner: stopped(() => undefined) })
      await fails(portAdd(host, attachment()).apply(NEVER), 'SwitchSilent', /does not take up changes/)
    })

    it('passes on that ovs-vsctl was stopped when the port is not there', async () => {
      using host = db.host({ runner: stopped(() => db.vsctl('del-port', PORT)) })
      await fails(portAdd(host, attachment()).apply(NEVER), 'CommandFailed', /SIGALRM/)
    })

    it('fails when it was stopped on purpose, whatever the database says', async () => {
      const stop = new AbortController()
      const runner = stopped(() => {
        db.vsctl('set', 'Interface', PORT, 'ofport=5')
        stop.abort(new Error('enough'))
      })
      using host = db.host({ runner })
      await fails(portAdd(host, attachment()).apply(stop.signal), 'CommandFailed', /SIGALRM/)
    })

    it('passes on what ovs-vsctl refuses, and changes nothing', async () => {
      using host = db.host()
      const step = portAdd(host, attachment({ bridge: parseBridge('br9') }))
      await fails(step.apply(NEVER), 'CommandFailed', /no row "br9" in table Bridge/)
      assert.deepEqual(names('Interface'), ['br0', 'br1'])
    })

    it('does not take a name that another port has, and leaves that one alone', async () => {
      db.vsctl('add-port', 'br1', PORT, '--', 'set', 'Interface', PORT, 'external_ids:owner=somebody')
      using host = db.host()
      await fails(portAdd(host, attachment()).apply(NEVER), 'CommandFailed', /./)
      assert.equal(db.vsctl('port-to-br', PORT), 'br1')
      assert.equal(db.vsctl('get', 'Interface', PORT, 'external_ids'), '{owner=somebody}')
    })
  })

  describe('port.remove', () => {
    const add = (host: Host, bridge: string, port: string) =>
      host.run(host.vsctl.addPort({ bridge, port, vlan: NO_VLAN, marks: {} }))
    const located = async (host: Host, ...ports: string[]) =>
      host.ovs.locate((await host.ovs.interfaces(ports.map((name) => ({ name })))).flat())

    it('takes exactly these ports out of their bridges, with every row of them', async () => {
      using host = db.host()
      for (const [bridge, port] of [
        ['br0', 'a_l'],
        ['br0', 'b_l'],
        ['br1', 'c_l'],
        ['br1', 'd_l'],
      ] as const)
        await add(host, bridge, port)
      const step = portRemove(host, await located(host, 'a_l', 'c_l'))
      assert.equal(await step.isDone(NEVER), false)
      await step.apply(NEVER)
      assert.equal(await step.isDone(NEVER), true)
      assert.deepEqual(
        [names('Port'), names('Interface')],
        [
          ['b_l', 'br0', 'br1', 'd_l'],
          ['b_l', 'br0', 'br1', 'd_l'],
        ],
      )
      await step.apply(NEVER)
    })

    it('leaves alone a port that came under the same name meanwhile', async () => {
      using host = db.host()
      await add(host, 'br0', 'a_l')
      const step = portRemove(host, await located(host, 'a_l'))
      db.vsctl('del-port', 'a_l')
      await add(host, 'br0', 'a_l')
      await step.apply(NEVER)
      assert.deepEqual(names('Port'), ['a_l', 'br0', 'br1'])
      assert.equal(await step.isDone(NEVER), true)
    })

    it('is content when the bridge went meanwhile, with the ports', async () => {
      using host = db.host()
      await add(host, 'br0', 'a_l')
      const step = portRemove(host, await located(host, 'a_l'))
      db.vsctl('del-br', 'br0')
      await step.apply(NEVER)
      assert.deepEqual(names('Port'), ['br1'])
    })

    it('fails when it was stopped and the ports are still there', async () => {
      using host = db.host()
      await add(host, 'br0', 'a_l')
      const failed = new CommandFailed('ovs-vsctl', '', true, 'Not finished in time')
      using hanging = db.host({ runner: () => Promise.reject(failed) })
      await assert.rejects(portRemove(hanging, await located(host, 'a_l')).apply(NEVER), (error) => error === failed)
    })
  })

  describe('bridge.create', () => {
    it('is done when ovs-vswitchd has given the bridge its own port', async () => {
      using host = played(() => db.vsctl('set', 'Interface', 'br7', 'ofport=65534'))
      const step = bridgeCreate(host, 'br7', 'netdev')
      assert.equal(await step.isDone(NEVER), false)
      await step.apply(NEVER)
      assert.equal(await step.isDone(NEVER), true)
      assert.equal(db.vsctl('get', 'Bridge', 'br7', 'datapath_type'), 'netdev')
      const before = db.vsctl('list-br')
      assert.equal(before, 'br0\nbr1\nbr7')
    })

    it('says that the datapath is dead, with the reason, in the words of ovs-docker', async () => {
      using silent = db.host()
      await fails(bridgeCreate(silent, 'br7', 'system').apply(NEVER), 'BridgeDead', /^Failed to create bridge br7: /)
      using host = played(() => db.vsctl('set', 'Interface', 'br8', 'ofport=-1', 'error="no module"'))
      await fails(bridgeCreate(host, 'br8', 'system').apply(NEVER), 'BridgeDead', /system datapath here \(no module\)/)
    })

    it('is undone when nothing is on the bridge, and not when somebody is, or another run made it', async () => {
      db.vsctl('add-br', 'br7')
      using host = db.host()
      const made = (bridge: string): ReversibleStep => {
        const step = bridgeCreate(host, bridge, 'netdev')
        const [command] = step.commands()
        db.vsctl(...(command?.args.slice(1) ?? []))
        return step
      }
      const [empty, used] = [made('br8'), made('br9')]
      db.vsctl('add-port', 'br9', 'theirs')
      for (const step of [empty, used, bridgeCreate(host, 'br7', 'netdev')]) {
        await step.undo(NEVER)
        await step.undo(NEVER)
      }
      assert.equal(db.vsctl('list-br'), 'br0\nbr1\nbr7\nbr9')
    })
  })
})
