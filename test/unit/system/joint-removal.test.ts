import { strict as assert } from 'node:assert'
import { CommandFailed } from '../../../src/lib/errors.ts'
import { jointRunner } from '../../../src/lib/system/joint/joint-runner.ts'
import { linkDeletion, linksIn } from '../../../src/lib/system/link-deletion.ts'
import { scriptedRunner } from '../../support/scripted-runner.ts'

describe('deletions of links', () => {
  it('are of one link as people type it, of several by a group of their own', () => {
    assert.equal(linkDeletion(['a_l']).input, 'link del dev a_l\n')
    const { input = '' } = linkDeletion(['a_l', 'b_l'])
    const [, group = ''] =
      /^link set dev a_l group (\d+)\nlink set dev b_l group \1\nlink del group \1\n$/.exec(input) ?? []
    assert.ok(Number(group) >= 2 ** 30 && Number(group) < 2 ** 31, input)
    assert.equal(linkDeletion(['a_l', 'b_l']).input, input)
    for (const links of [['a_l'], ['a_l', 'b_l']]) assert.deepEqual(linksIn(linkDeletion(links).input ?? ''), links)
    assert.equal(linksIn('link add a type veth\n'), undefined)
    assert.equal(linksIn('link set dev a up\n'), undefined)
  })

  it('that wait at the same moment are one', async () => {
    const { run, ran } = scriptedRunner({ 'ip -force -batch': [{}] })
    const joint = jointRunner(run)
    await Promise.all([joint(linkDeletion(['a'])), joint(linkDeletion(['b', 'c'])), joint(linkDeletion(['a']))])
    assert.equal(ran.length, 1)
    assert.match(
      ran[0] ?? '',
      /dev a group \d+\nlink set dev b group \d+\nlink set dev c group \d+\nlink del group \d+\nEOF$/,
    )
  })

  it('tell everybody when one of them failed, who then looks himself', async () => {
    const { run } = scriptedRunner({ 'ip -force -batch': [{ status: 1, stderr: 'Cannot find device "a"' }] })
    const joint = jointRunner(run)
    const outcomes = await Promise.allSettled([joint(linkDeletion(['a'])), joint(linkDeletion(['b']))])
    for (const one of outcomes)
      assert.ok(one.status === 'rejected' && one.reason instanceof CommandFailed && one.reason.unknown)
  })
})
