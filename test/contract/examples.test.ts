import { strict as assert } from 'node:assert'
import { start } from '../support/ovsd.ts'
import { untouchedHost } from '../support/untouched-host.ts'
import { examples } from './surface.ts'

/** The command line in an example: what a shell would not pass on is taken off. */
function wordsOf(example: string): string[] {
  const [, line] = /\bovsd (.+?)(?: > .*|\))?$/.exec(example) ?? []
  return line?.split(' ') ?? assert.fail(`no command line: ${example}`)
}

/** What fails only because there is no host, or no such file. */
const OUTSIDE = ['DatabaseUnreachable', 'DockerUnreachable', 'TlsFileUnusable', 'ExpectationsUnread']

describe('every example of the help', function () {
  this.timeout(60_000)

  it('is accepted as it stands', async () => {
    await using host = await untouchedHost()
    // Its looks are what tools print.
    await using other = await untouchedHost()
    for (const [id, lines] of Object.entries(await examples()))
      for (const example of lines) {
        const words = wordsOf(example)
        const topic = id.split(':')
        assert.deepEqual(words.slice(0, topic.length), topic, example)
        if (id === 'doctor') {
          const { stdout } = await start([...words, '--dry-run', '--json', ...other.options], other.env).ended
          assert.ok('checks' in (JSON.parse(stdout) as object), `${example}: ${stdout}`)
          continue
        }
        const dry = id === 'completion' ? [] : ['--dry-run', '--json', ...host.options]
        const { status, stdout, stderr } = await start([...words, ...dry], host.env).ended
        if (status === 0) continue
        const { error } = JSON.parse(stdout) as { error?: { code: string } }
        assert.ok(error !== undefined && OUTSIDE.includes(error.code), `${example}: ${stdout}${stderr}`)
      }
    // They are real commands: most of them looked at the host, and none of them started anything.
    assert.deepEqual(host.touched(), ['the database', 'the engine'])
  })
})
