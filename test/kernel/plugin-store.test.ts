// What the driver does about files of its store that cannot be used, by each of the modes that OVSD_RECOVERY_MODE has.
import { strict as assert } from 'node:assert'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { SOCKET } from '../../src/lib/plugin/socket.ts'
import { errorOf, ovsd } from '../support/ovsd.ts'
import { called, dockerId, endpointCall, networkCall } from '../support/plugin-call.ts'
import { snapshot } from '../support/snapshot.ts'
import { ID, keep, testStore, type TestStore } from '../support/state.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const BLUE = dockerId('b')
const RED = dockerId('c')
const L2 = { bridge: 'bp0', mode: 'l2' }
const create = (id: string, subnet: string) => called('CreateNetwork', networkCall(id, L2, subnet))

describe('the driver, and a store that is damaged', function () {
  this.timeout(120_000)
  let test: TestStore
  let copy: string
  let untouched: ReturnType<typeof snapshot>
  const started = (env: Readonly<Record<string, string>>): Promise<Watcher> =>
    plugin([`--state-dir=${test.folder}`], env)
  const files = (): readonly string[] =>
    readdirSync(dirname(copy))
      .map((name) => name.replace(BLUE, 'BLUE').replace(RED, 'RED'))
      .sort()
  const remove = async (...ids: readonly string[]) => {
    for (const id of ids) await called('DeleteNetwork', { NetworkID: id })
  }
  beforeEach(async () => {
    untouched = snapshot()
    test = testStore()
    copy = test.of({ kind: 'networks', id: BLUE })
    await using _driver = await started({})
    await create(BLUE, '10.0.0')
    assert.deepEqual(files(), ['BLUE.json'])
  })
  afterEach(async () => {
    {
      await using _driver = await started({})
      await remove(BLUE)
    }
    test[Symbol.dispose]()
    assert.deepEqual(snapshot(), untouched)
  })
  const sound = async (): Promise<void> => {
    await called('CreateEndpoint', endpointCall(BLUE, dockerId('1'), '10.0.0.2/24'))
    await called('DeleteEndpoint', { NetworkID: BLUE, EndpointID: dockerId('1') })
  }

  for (const command of ['plugin', 'daemon'])
    it(`strict: ${command} does not start, nor does its --dry-run, and names the file`, async () => {
      const pool = test.of({ kind: 'ipam', id: ID })
      await keep(test.store, { kind: 'ipam', id: ID }, 1)
      const refused = (name: string, path: string, variable: string): void => {
        const { status, stdout, stderr } = ovsd(
          [command, `--state-dir=${test.folder}`, '--json', ...[name].filter(Boolean)],
          {
            [variable]: 'strict',
          },
        )
        assert.equal(status, 1, stderr)
        assert.equal(errorOf({ stdout }).code, 'StateDamaged')
        assert.ok(errorOf({ stdout }).message.includes(path), stdout)
        assert.ok(!existsSync(SOCKET))
      }
      const whole = readFileSync(copy, 'utf8')
      writeFileSync(copy, '{')
      refused('', copy, 'PLUGIN_RECOVERY_MODE')
      refused('--dry-run', copy, 'OVSD_RECOVERY_MODE')
      // Nothing was done about it.
      assert.deepEqual([readFileSync(copy, 'utf8'), files()], ['{', ['BLUE.json']])
      // Whole as a file, and no network.
      rmSync(copy)
      await keep(test.store, { kind: 'networks', id: BLUE }, { name: 'blue' })
      refused('', copy, 'OVSD_RECOVERY_MODE')
      writeFileSync(copy, whole)
      writeFileSync(pool, '')
      refused('', pool, 'OVSD_RECOVERY_MODE')
      rmSync(pool)
    })

  it('strict: a store that is whole keeps nobody from starting', async () => {
    await using driver = await started({ PLUGIN_RECOVERY_MODE: 'strict' })
    await sound()
    await create(RED, '10.1.0')
    await remove(RED)
    assert.deepEqual(
      driver.all(({ level }) => level === 'error' || level === 'warn'),
      [],
    )
  })

  it('lenient: what the database says is kept anew, and each damaged file beside it', async () => {
    for (const [n, damage] of ['{', ''].entries()) {
      writeFileSync(copy, damage)
      await using driver = await started(n === 0 ? {} : { PLUGIN_RECOVERY_MODE: 'lenient' })
      await driver.sees({ event: 'store.unusable', msg: /is left out/ })
      await driver.sees('upkeep.mended', { seconds: 10 })
      await sound()
    }
    assert.deepEqual(files(), ['BLUE.json', 'BLUE.json.backup', 'BLUE.json.backup.1'])
    assert.deepEqual(
      ['.backup', '.backup.1'].map((end) => readFileSync(`${copy}${end}`, 'utf8')),
      ['{', ''],
    )
    assert.equal((await test.store.look({ kind: 'networks', id: BLUE })).state, 'ok')
  })

  it('lenient without backups: nothing is kept of the damaged file', async () => {
    writeFileSync(copy, '{')
    await using driver = await started({ PLUGIN_STATE_BACKUP: 'false' })
    await driver.sees('upkeep.mended', { seconds: 10 })
    await sound()
    assert.deepEqual(files(), ['BLUE.json'])
    assert.equal((await test.store.look({ kind: 'networks', id: BLUE })).state, 'ok')
  })

  it('skip: it stays as it is, that is said once, and everything else goes on', async () => {
    writeFileSync(copy, '{')
    await using driver = await started({ PLUGIN_RECOVERY_MODE: 'skip' })
    await sound()
    await create(RED, '10.1.0')
    await until(() => files().includes('RED.json'), 'a copy of the other one', 10)
    await sound()
    await remove(RED)
    // Each of these changes has had the driver look at its networks.
    await driver.during(2)
    assert.equal(readFileSync(copy, 'utf8'), '{')
    assert.deepEqual(files(), ['BLUE.json'])
    assert.equal(driver.all({ event: 'store.unusable', msg: /is left out/ }).length, 1)
    assert.deepEqual(driver.all('upkeep.mended'), [], 'said to be mended, and nothing was')
    assert.deepEqual(driver.all('upkeep.failed'), [])
  })
})
