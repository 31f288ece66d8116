import { strict as assert } from 'node:assert'
import { BadInput } from '../../../src/lib/errors.ts'
import { stateSettings } from '../../../src/lib/state/settings.ts'

const badField = (folder: string | undefined, env: Readonly<Record<string, string>>): string => {
  try {
    stateSettings(folder, env)
  } catch (error) {
    if (error instanceof BadInput) return error.field
    throw error
  }
  return assert.fail('accepted')
}

describe('stateSettings', () => {
  it('has a place and a way of its own when nobody says anything', () => {
    const usual = { folder: '/var/lib/ovsd', recovery: 'lenient', backup: true }
    assert.deepEqual(stateSettings(undefined, {}), usual)
    assert.deepEqual(stateSettings('', { OVSD_DATA_DIR: '', PLUGIN_RECOVERY_MODE: '', OVSD_STATE_BACKUP: '' }), usual)
  })

  it('takes the option first, then the variables of ovsd, then those of ovs-container-network', () => {
    const theirs = { PLUGIN_DATA_DIR: '/data', PLUGIN_RECOVERY_MODE: 'skip', PLUGIN_STATE_BACKUP: 'False' }
    assert.deepEqual(stateSettings(undefined, theirs), { folder: '/data', recovery: 'skip', backup: false })
    const ours = { ...theirs, OVSD_DATA_DIR: '/srv/a', OVSD_RECOVERY_MODE: 'STRICT', OVSD_STATE_BACKUP: '1' }
    assert.deepEqual(stateSettings(undefined, ours), { folder: '/srv/a', recovery: 'strict', backup: true })
    assert.equal(stateSettings('/srv/b', ours).folder, '/srv/b')
  })

  it('makes a whole path of it, without a slash at the end', () => {
    assert.equal(stateSettings('/srv/../srv/a//', {}).folder, '/srv/a')
    assert.equal(stateSettings('here', {}).folder, `${process.cwd()}/here`)
  })

  it('names the one that is wrong', () => {
    assert.equal(badField('/a\nb', {}), '--state-dir')
    assert.equal(badField(undefined, { PLUGIN_DATA_DIR: '/a\0' }), 'PLUGIN_DATA_DIR')
    assert.equal(badField(undefined, { OVSD_RECOVERY_MODE: 'loose' }), 'OVSD_RECOVERY_MODE')
    assert.equal(badField(undefined, { PLUGIN_RECOVERY_MODE: ' strict' }), 'PLUGIN_RECOVERY_MODE')
    assert.equal(badField(undefined, { PLUGIN_STATE_BACKUP: 'yes' }), 'PLUGIN_STATE_BACKUP')
  })
})
