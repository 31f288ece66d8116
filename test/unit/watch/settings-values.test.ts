import {
  parseLogFormat,
  parseLogLevel,
  parsePolicyPath,
  parseResync,
  parseSwitch,
} from '../../../src/lib/watch/settings-values.ts'
import { accepts, refuses } from '../../support/bad-input.ts'

const NAMES_OF_OBJECTS = ['constructor', 'toString', '__proto__', 'hasOwnProperty']
const HUGE = 'x'.repeat(1_000_000)

describe('parseLogLevel', () => {
  const parse = (text: string) => parseLogLevel(text, '--log-level')
  accepts(parse, { debug: 'debug', INFO: 'info', Warn: 'warn', error: 'error' })
  accepts(parse, { trace: 'debug', WARNING: 'warn', Fatal: 'error', panic: 'error' })
  refuses(parse, '--log-level', [
    '',
    ' info',
    'info ',
    'inf',
    'infos',
    '1',
    'info\n',
    'ınfo',
    ...NAMES_OF_OBJECTS,
    HUGE,
  ])
})

describe('parseLogFormat', () => {
  const parse = (text: string) => parseLogFormat(text, '--log-format')
  accepts(parse, { text: 'text', json: 'json' })
  refuses(parse, '--log-format', ['', 'JSON', 'json ', 'logfmt', ...NAMES_OF_OBJECTS, HUGE])
})

describe('parsePolicyPath', () => {
  const parse = (text: string) => parsePolicyPath(text, '--policy')
  const good = ['none', '/p', '/etc/ovsd/policy.yaml', '/with blank/é', '/none', `/${'x'.repeat(4095)}`]
  accepts(parse, Object.fromEntries(good.map((path) => [path, path])))
  const relative = ['', '/', 'None', 'none ', ' none', 'no', 'p.yaml', './p', '~/p', 'file:///p', 'x/p']
  refuses(parse, '--policy', [
    ...relative,
    ...['\n', '\u0000', '\u001B[2J', '\u007F', '\u009B'].map((end) => `/p${end}`),
  ])
})

describe('parseResync', () => {
  const parse = (text: string) => parseResync(text, '--resync')
  accepts(parse, { 5: 5, 60: 60, 999: 999, 3600: 3600 })
  refuses(parse, '--resync', [
    ...[
      '',
      '0',
      '4',
      '3601',
      '9999',
      '05',
      '-5',
      '+5',
      '5.0',
      '1e2',
      '0x10',
      '60s',
      '1m',
      ' 60',
      '60 ',
      '60\n',
      '６０',
    ],
    ...['NaN', 'Infinity', '9'.repeat(400), HUGE],
  ])
})

describe('parseSwitch', () => {
  const parse = (text: string) => parseSwitch(text, 'ENABLE_METRICS')
  accepts(parse, { 1: true, t: true, T: true, true: true, TRUE: true, True: true })
  accepts(parse, { 0: false, f: false, F: false, false: false, FALSE: false, False: false })
  refuses(parse, 'ENABLE_METRICS', [
    ...['', 'yes', 'no', 'on', 'off', 'y', 'n', '2', '01', '-1', 'tr', 'truee', ' true', 'true\n', 'falſe', HUGE],
  ])
})
