import { strict as assert } from 'node:assert'
import { parseYaml, YamlProblem } from '../../../src/lib/system/yaml-file.ts'

describe('parseYaml', () => {
  it('gives values with their lines, and scalars as they were written', async () => {
    assert.deepEqual(await parseYaml('# x\na: 010\nb:\n  - "1"\n  - 0x10\nc:\n'), {
      kind: 'map',
      line: 2,
      entries: [
        { key: 'a', line: 2, value: { kind: 'scalar', line: 2, value: 10, text: '010' } },
        {
          key: 'b',
          line: 3,
          value: {
            kind: 'list',
            line: 4,
            items: [
              { kind: 'scalar', line: 4, value: '1', text: '1' },
              { kind: 'scalar', line: 5, value: 16, text: '0x10' },
            ],
          },
        },
        { key: 'c', line: 6, value: { kind: 'scalar', line: 6, value: null, text: '' } },
      ],
    })
  })

  it('gives nothing for nothing', async () => {
    for (const text of ['', '\n', '# x\n', '---\n', 'null\n', '\uFEFF']) assert.equal(await parseYaml(text), undefined)
  })

  const bad: readonly (readonly [text: string, line: number])[] = [
    ['a: 1\na: 2\n', 2],
    ['a: [1\n', 2],
    ['a: &x 1\nb: *x\n', 2],
    ['a: *x\n', 1],
    ['a: !x 1\n', 1],
    ['a: 1\n---\nb: 2\n', 2],
    ['a: 1\n\tb: 2\n', 2],
    ['a: "\n', 2],
    ['? { a: 1 }\n: 2\n', 1],
  ]
  for (const [text, line] of bad)
    it(`refuses ${JSON.stringify(text)}, with the line`, async () => {
      await assert.rejects(
        () => parseYaml(text).then((value) => assert.fail(JSON.stringify(value))),
        (error) => error instanceof YamlProblem && error.line === line && !error.message.includes('\n'),
      )
    })
})
