import { strict as assert } from 'node:assert'
import { describePolicy } from '../../../src/lib/policy/describe.ts'
import { RULES, parsePolicy } from '../../../src/lib/policy/parse-policy.ts'
import { parseYaml } from '../../../src/lib/system/yaml-file.ts'

describe('describePolicy', () => {
  const words = async (text: string, rule: string) =>
    describePolicy(parsePolicy(await parseYaml(text), '/etc/p.yaml', 'ovsbr0')).find((one) => one.rule === rule)

  it('says that a gateway which is not allowed is none by another name, too', async () => {
    const no = { rule: 'gateway', allowed: false, words: 'no, nor routes wider than /8 (IPv6: /16)', given: true }
    assert.deepEqual(await words('gateway: false', 'gateway'), no)
    assert.deepEqual(await words('mac: true', 'gateway'), { ...no, allowed: true, words: 'yes', given: false })
  })

  it('has a line for each rule, in the order of the manual', async () => {
    const all = describePolicy(parsePolicy(await parseYaml('bridges: [br0, "lab*"]'), '/etc/p.yaml', 'ovsbr0'))
    assert.deepEqual(
      all.map(({ rule }) => rule),
      RULES,
    )
    assert.equal(all[0]?.words, 'br0, lab*')
  })
})
