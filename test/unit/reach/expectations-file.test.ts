import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../scripts/build/layout.ts'
import { OvsdError } from '../../../src/lib/errors.ts'
import { parseExpectations, readExpectations } from '../../../src/lib/reach/expectations-file.ts'
import { selectorText } from '../../../src/lib/reach/selector.ts'
import { describeTraffic } from '../../../src/lib/path/question.ts'
import { parseYaml } from '../../../src/lib/system/yaml-file.ts'
import { temporaryFolder } from '../../support/socket-server.ts'

const parse = async (text: string) => parseExpectations(await parseYaml(text), 'e.yaml')

/** Its message and what it says to type. */
async function refusal(text: string): Promise<readonly [string, string]> {
  try {
    await parse(text)
  } catch (error) {
    if (error instanceof OvsdError && error.code === 'ExpectationsInvalid') return [error.message, error.next ?? '']
    throw error
  }
  throw new Error(`not refused: ${text}`)
}

describe('a file of expectations', () => {
  it('has ways that should be open, and ways that must not be', async () => {
    const text = [
      'reach:',
      '  - { from: web, to: db }',
      '  - from: ["web-*", network:red]',
      '    to: 10.0.0.9',
      '    by: [icmp, tcp/5432]',
      'deny:',
      '  - { from: tenant:acme, to: [tenant:zeta, "fd00::7", db:eth2], by: udp/53 }',
    ].join('\n')
    const said = (await parse(text)).map(({ line, reach, from, to, by }) => [
      ...[line, reach, from.map(selectorText).join(' '), to.map(selectorText).join(' ')],
      by.map(describeTraffic).join(' '),
    ])
    assert.deepEqual(said, [
      [2, true, 'web', 'db', 'icmp'],
      [3, true, 'web-* network:red', '10.0.0.9', 'icmp tcp/5432'],
      [7, false, 'tenant:acme', 'tenant:zeta fd00::7 db:eth2', 'udp/53'],
    ])
  })

  it('is refused where it says something else, by its line', async () => {
    for (const [text, message, next] of [
      ['', /line 1: there is nothing in it/, /For example/],
      ['reach: []', /nothing is expected/, /For example/],
      ['- web', /should have reach, deny/, /For example/],
      ['reach: web', /reach: this is no list/, /For example/],
      ['reach:\n  - { from: web, too: db }', /line 2: there is no "too"/, /Did you mean to\?/],
      ['allow: []', /there is no "allow" here/, /There are: reach, deny/],
      ['reach: [{ from: web, to: db, apart: tenants }]', /there is no "apart" here/, /from, to, by/],
      ['deny: [{ from: web, to: db, apart: yes }]', /apart: this is neither tenants nor segments/, /apart: tenants/],
      ['reach: [{ from: web }]', /to is missing/, /For example/],
      ['reach: [{ from: web, to: [] }]', /to: the list is empty/, /For example/],
      ['reach: [{ from: 10.0.0.1, to: web }]', /sent out of containers/, /For example/],
      ['deny:\n  - from: web\n    to: db\n    by: sctp/3', /line 4: by: "sctp\/3" is neither icmp nor/, /tcp\/5432/],
      ['deny: [{ from: "we b", to: db }]', /"we b" is neither a container, nor a pattern/, /web/],
      ['deny: [{ from: { name: web }, to: db }]', /from: this is neither a word nor a list/, /For example/],
    ] as const) {
      const [said, advice] = await refusal(text)
      assert.match(said, message)
      assert.match(advice, next)
    }
  })

  it('that is none is said to be', async () => {
    using folder = temporaryFolder()
    for (const [path, why] of [
      [join(folder.path, 'none'), /there is no such file/],
      [folder.path, /it is not a regular file|EISDIR/],
    ] as const)
      await assert.rejects(readExpectations(path), { code: 'ExpectationsUnread', message: why })
  })

  it('as the manual shows it is one', async () => {
    const page = readFileSync(join(root, 'man/ovsd-expectations.5'), 'utf8')
    const [, example = ''] = /^\.SH EXAMPLES[^]*?^\.EX\n([^]*?)^\.EE/m.exec(page) ?? []
    assert.equal((await parse(example.replaceAll('\\-', '-'))).length, 4)
    for (const key of ['reach', 'deny', 'from', 'to', 'by', 'apart']) assert.ok(page.includes(`.TP\n.B ${key}\n`), key)
  })
})
