import { strict as assert } from 'node:assert'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ToolMissing } from '../../../src/lib/errors.ts'
import { requireTools, run, traced } from '../../../src/lib/system/runner.ts'
import { withPath } from '../../support/search-path.ts'
import { temporaryFolder } from '../../support/socket-server.ts'

describe('requireTools', () => {
  it('wants every tool of every command to be an executable file', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'no-tool')
    const check = () => {
      requireTools([
        { tool: 'sysctl', args: [] },
        { tool: 'no-tool' as 'ip', args: [] },
      ])
    }
    await withPath(folder.path, () => {
      assert.throws(check, ToolMissing)
      writeFileSync(file, '', { mode: 0o644 })
      assert.throws(check, ToolMissing)
      chmodSync(file, 0o755)
      check()
      return Promise.resolve()
    })
  })

  it('does not find a tool in the folder that it happens to be in', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'no-tool'), '', { mode: 0o755 })
    const here = process.cwd()
    process.chdir(folder.path)
    try {
      for (const path of ['', '.', ':relative:', folder.path.slice(1)])
        await withPath(path, () => {
          assert.throws(() => {
            requireTools([{ tool: 'no-tool' as 'ip', args: [] }])
          }, ToolMissing)
          return Promise.resolve()
        })
    } finally {
      process.chdir(here)
    }
  })

  it('wants nothing for nothing', () => {
    requireTools([])
  })
})

describe('traced', () => {
  it('tells every command with its time, failed ones too', async () => {
    const told: string[] = []
    const runner = traced(
      (command) =>
        command.args[0] === 'bad' ? Promise.reject(new Error('no')) : run({ tool: 'sysctl', args: ['--version'] }),
      (line, ms) => {
        assert.ok(ms >= 0 && ms < 60_000)
        told.push(line)
      },
    )
    await runner({ tool: 'ip', args: ['good one'] })
    await assert.rejects(runner({ tool: 'ip', args: ['bad'] }), /no/)
    assert.deepEqual(told, ["ip 'good one'", 'ip bad'])
  })
})
