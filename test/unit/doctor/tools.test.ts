import { strict as assert } from 'node:assert'
import { tools } from '../../../src/lib/doctor/host/tools.ts'
import { Patient } from '../../../src/lib/doctor/patient.ts'
import { ToolMissing } from '../../../src/lib/errors.ts'
import { openHost } from '../../../src/lib/host.ts'
import { run, type Runner } from '../../../src/lib/system/runner.ts'
import { own } from '../../support/zoo.ts'

const examined = async (runner: Runner): ReturnType<typeof tools.run> => {
  using host = openHost({ runner, db: 'unix:/nowhere' })
  return await tools.run(new Patient(host, own))
}

/** The same with a name in the place of one that nobody has. */
const without =
  (missing: string): Runner =>
  (command, signal) =>
    command.tool === missing
      ? Promise.reject(new ToolMissing(missing, 'it'))
      : run({ ...command, args: command.args.map((one) => one.replace(`ask ${missing} `, 'ask ovsd-nobody ')) }, signal)

describe('host.tools', () => {
  it('tells the same versions by one shell as by one process each', async () => {
    const [alone] = await examined(without('bash'))
    assert.match(alone?.said ?? '', /^ovs-vsctl \d\S*, ip \d\S*, nsenter \d\S*, ethtool \d\S*$/)
    assert.deepEqual(await examined(run), [alone])
  })

  it('names what is missing, in both ways', async () => {
    const inShell = without('ethtool')
    const alone: Runner = async (command, signal) =>
      await (command.tool === 'bash' ? without('bash') : inShell)(command, signal)
    for (const runner of [inShell, alone]) {
      const [found, ...more] = await examined(runner)
      assert.deepEqual([found?.level, found?.said], ['fail', 'The program ethtool is not installed.'])
      assert.deepEqual(more, [])
    }
  })
})
