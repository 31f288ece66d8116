import { strict as assert } from 'node:assert'
import { closeSync, openSync, writeSync } from 'node:fs'
import { createLog, LEVELS, type Level, type Log } from '../../../src/lib/watch/log.ts'

const TIME = new Date(2026, 10, 21, 12, 3, 4, 5)
const FORGED = 'web\n12:03:04.123 error  the end\r\u001B[2J\u001B]0;x\u0007\u009B31m\u202E\u2028x\u0000\u007F'

/** A log and the lines that it wrote. */
function logged(format: 'text' | 'json', level: Level = 'info'): { log: Log; lines: string[] } {
  const lines: string[] = []
  return { log: createLog({ format, level, write: (line) => lines.push(line), now: () => TIME }), lines }
}

const only = (lines: readonly string[]): string => {
  assert.equal(lines.length, 1)
  return lines[0] ?? ''
}

/** Fails when `line` is more than one line, or steers a terminal. */
function assertPlain(line: string): void {
  assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E]/)
  assert.ok(line.endsWith('\n'))
}

describe('a log in text', () => {
  let before: NodeJS.ProcessEnv
  beforeEach(() => {
    before = process.env
    process.env = { ...before, FORCE_COLOR: '0' }
  })
  afterEach(() => {
    process.env = before
  })

  it('has the time of the day, the level and the words, and nothing else', () => {
    const { log, lines } = logged('text', 'debug')
    log.debug('a.b', 'one', { container: 'web' })
    log.info('a.b', 'two')
    log.warn('a.b', 'three')
    log.error('a.b', 'four')
    assert.deepEqual(lines, [
      '12:03:04.005 debug one\n',
      '12:03:04.005 info  two\n',
      '12:03:04.005 warn  three\n',
      '12:03:04.005 error four\n',
    ])
  })

  it('colours the level only', () => {
    process.env['FORCE_COLOR'] = '1'
    const { log, lines } = logged('text')
    log.error('a.b', 'bad')
    assert.equal(only(lines), '12:03:04.005 \u001B[31merror\u001B[39m bad\n')
  })

  it('lets no value make a line of its own, or steer the terminal', () => {
    const { log, lines } = logged('text')
    log.info('a.b', `attached eth1 of ${FORGED}`)
    assertPlain(only(lines))
    assert.match(only(lines), /^12:03:04\.005 info {2}attached eth1 of web 12:03:04/)
  })

  it('puts the lines of a message behind each other', () => {
    const { log, lines } = logged('text')
    log.info('a.b', 'status 1: ovs-vsctl x\n  no bridge\n')
    assert.equal(only(lines), '12:03:04.005 info  status 1: ovs-vsctl x no bridge \n')
  })

  it('is shorter than a line that journald cuts in two, whatever it is given', () => {
    const { log, lines } = logged('text')
    log.info('a.b', '😀'.repeat(100_000))
    assert.ok(Buffer.byteLength(only(lines)) < 48 * 1024)
    assert.doesNotMatch(only(lines), /\uFFFD./)
  })
})

describe('a log in JSON', () => {
  it('has an object on each line, with the fields behind what every line has', () => {
    const { log, lines } = logged('json')
    const fields = { container: 'web', interface: 'eth1', addresses: ['10.0.0.2/24', 'fd00::2/64'], retry_in_s: 1.5 }
    log.info('port.attached', 'attached eth1 of web', { ...fields, code: undefined })
    const wanted = { time: TIME.toISOString(), level: 'info', event: 'port.attached', msg: 'attached eth1 of web' }
    assert.equal(only(lines), `${JSON.stringify({ ...wanted, ...fields })}\n`)
  })

  it('lets no value make a line of its own, steer the terminal, or add a key', () => {
    const { log, lines } = logged('json')
    const value = `${FORGED}","level":"error`
    log.info('a.b', value, { container: value, addresses: [value] })
    assertPlain(only(lines))
    const read = JSON.parse(only(lines)) as Record<string, unknown>
    assert.deepEqual(Object.keys(read), ['time', 'level', 'event', 'msg', 'container', 'addresses'])
    assert.equal(read['level'], 'info')
    // What jq -r prints of it is one harmless line, too.
    for (const text of [read['msg'], read['container'], (read['addresses'] as string[])[0]])
      assertPlain(`${String(text)}\n`)
  })

  it('is never coloured', () => {
    const before = process.env['FORCE_COLOR']
    process.env['FORCE_COLOR'] = '1'
    try {
      const { log, lines } = logged('json')
      log.error('a.b', 'bad')
      assertPlain(only(lines))
    } finally {
      if (before === undefined) delete process.env['FORCE_COLOR']
      else process.env['FORCE_COLOR'] = before
    }
  })
})

describe('a log', () => {
  it('writes nothing below its level, which may change meanwhile', () => {
    const { log, lines } = logged('json', 'error')
    const seen = LEVELS.map((level) => {
      log.level = level
      lines.length = 0
      for (const one of LEVELS) log[one]('a.b', one)
      return lines.map((line) => (JSON.parse(line) as { level: string }).level)
    })
    assert.deepEqual(
      seen,
      LEVELS.map((_, i) => LEVELS.slice(i)),
    )
  })

  it('goes on when it cannot be written', () => {
    const full = openSync('/dev/full', 'w')
    let writes = 0
    const write = (line: string): void => {
      writes++
      writeSync(full, line)
    }
    try {
      assert.throws(() => {
        write('x')
      }, /ENOSPC/)
      const log = createLog({ format: 'json', level: 'info', write })
      log.info('a.b', 'one')
      log.info('a.b', 'two')
      assert.equal(writes, 3)
    } finally {
      closeSync(full)
    }
  })
})
