import { strict as assert } from 'node:assert'
import { BadInput } from '../../../src/lib/errors.ts'
import { pluginLogLevel } from '../../../src/lib/plugin/log-level.ts'

describe('pluginLogLevel', () => {
  it('takes the option first, then the variables of ovsd and of the other drivers', () => {
    const all = { OVSD_LOG_LEVEL: 'warn', PLUGIN_LOG_LEVEL: 'ERROR', DEBUG: '1' }
    assert.equal(pluginLogLevel('info', all), 'info')
    assert.equal(pluginLogLevel(undefined, all), 'warn')
    assert.equal(pluginLogLevel(undefined, { ...all, OVSD_LOG_LEVEL: '' }), 'error')
    assert.equal(pluginLogLevel(undefined, { OVSD_LOG_LEVEL: '', PLUGIN_LOG_LEVEL: '', DEBUG: '1' }), 'debug')
    assert.equal(pluginLogLevel(undefined, { PLUGIN_LOG_LEVEL: 'trace' }), 'debug')
  })

  it('DEBUG is on or off, and anything else is for somebody else', () => {
    for (const [text, level] of [
      ['true', 'debug'],
      ['0', 'info'],
      ['', 'info'],
      ['oclif:*', 'info'],
    ] as const)
      assert.equal(pluginLogLevel(undefined, { DEBUG: text }), level, text)
    assert.equal(pluginLogLevel(undefined, {}), 'info')
  })

  it('names the one that is wrong', () => {
    const wrong = (option: string | undefined, env: Readonly<Record<string, string>>): string => {
      try {
        return pluginLogLevel(option, env)
      } catch (error) {
        if (error instanceof BadInput) return error.field
        throw error
      }
    }
    assert.equal(wrong('loud', { PLUGIN_LOG_LEVEL: 'info' }), '--log-level')
    assert.equal(wrong('', {}), '--log-level')
    assert.equal(wrong(undefined, { OVSD_LOG_LEVEL: 'loud' }), 'OVSD_LOG_LEVEL')
    assert.equal(wrong(undefined, { PLUGIN_LOG_LEVEL: 'loud', DEBUG: '1' }), 'PLUGIN_LOG_LEVEL')
  })
})
