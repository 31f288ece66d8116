import { strict as assert } from 'node:assert'
import { aliasOf, linkExists, linksWithAlias } from '../../../src/lib/net/links.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

const VETHS = 'ip -json link show type veth'

describe('aliasOf', () => {
  const cases = { 'ip/link-show-alias': 'ovsd/c474a0e2830e/eth1', 'ip/link-show-no-alias': '' }
  for (const [recording, alias] of Object.entries(cases))
    it(`${recording}: "${alias}"`, async () => {
      const { run } = scriptedRunner({ 'ip -json link show dev h1': [recording] })
      assert.equal(await aliasOf(run, 'h1'), alias)
    })
})

describe('linksWithAlias', () => {
  it('leaves out the links without one', async () => {
    const { run } = scriptedRunner({ [VETHS]: ['ip/link-show-veth'] })
    assert.deepEqual(await linksWithAlias(run), [{ name: 'h1', alias: 'ovsd/c474a0e2830e/eth1' }])
  })

  it('copes with a host without a single veth', async () => {
    const none = scriptedRunner({ [VETHS]: ['ip/link-show-veth-none'] })
    assert.deepEqual(await linksWithAlias(none.run), [])
    const silent = scriptedRunner({ [VETHS]: [{ stdout: '' }] })
    assert.deepEqual(await linksWithAlias(silent.run), [])
  })
})

describe('linkExists', () => {
  it('knows the links of this namespace', () => {
    assert.equal(linkExists('lo'), true)
    assert.equal(linkExists('c474a0e2830e0_l'), false)
  })
})
