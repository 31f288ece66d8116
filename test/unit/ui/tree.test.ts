import { strict as assert } from 'node:assert'
import { tree, type Branch } from '../../../src/lib/ui/tree.ts'

const leaf = (text: string, ...below: Branch[]): Branch => ({ text, below })
const asIs = (text: string): string => text

describe('tree', () => {
  it('draws guides to every depth', () => {
    const text = tree([leaf('br0', leaf('p1', leaf('web'), leaf('db')), leaf('p2', leaf('log'))), leaf('br1')], asIs)
    assert.equal(text, ['br0', '├─ p1', '│  ├─ web', '│  └─ db', '└─ p2', '   └─ log', 'br1'].join('\n'))
  })

  it('is empty without branches', () => {
    assert.equal(tree([], asIs), '')
  })

  it('colours the guides and keeps our own colours', () => {
    const bold = (text: string): string => `\u001B[1m${text}\u001B[22m`
    assert.equal(
      tree([{ ...leaf('br0', leaf('p')), paint: bold }], (guide) => `<${guide}>`),
      `${bold('br0')}\n<└─ >p`,
    )
  })

  it('lets nothing else through that steers a terminal', () => {
    const text = tree([leaf('a\u001B[2Jb\u001B[31mc\u001B]0;x\u0007', leaf('\u202Ec\r'))], asIs)
    assert.doesNotMatch(text, /[\u001B\u0007\u202E\r]/)
  })
})
