import { strict as assert } from 'node:assert'
import { MessageSplitter } from '../../../src/lib/ovsdb/message-splitter.ts'
import { captured } from '../../support/captured.ts'

const MESSAGES = [
  '{"id":0,"result":[],"error":null}',
  '{"id":1,"result":[{"rows":[{"name":"a \\"b\\" {c} [d] }]"}]}]}',
  '{"id":2,"result":"\\\\"}',
  '{"id":3,"result":"\\\\\\"}{"}',
  '{"id":4,"result":"\\u007b\\u005b 眼 \\ud83d\\ude00 😀"}',
  '[]',
  '[[[{}]],{"a":[{}]}]',
  '{}',
]

describe('MessageSplitter', () => {
  const all = MESSAGES.join('')

  it('cuts a stream into its messages', () => {
    assert.deepEqual(new MessageSplitter().push(all), MESSAGES)
  })

  it('gives the same whatever two chunks the stream comes in', () => {
    for (let cut = 0; cut <= all.length; cut++) {
      const splitter = new MessageSplitter()
      assert.deepEqual(
        [...splitter.push(all.slice(0, cut)), ...splitter.push(all.slice(cut))],
        MESSAGES,
        `cut at ${cut}`,
      )
    }
  })

  it('gives the same for single characters, and each message as soon as it is complete', () => {
    const splitter = new MessageSplitter()
    const ends = MESSAGES.map((_, i) => MESSAGES.slice(0, i + 1).join('').length)
    const found: string[] = []
    for (let i = 0; i < all.length; i++) {
      found.push(...splitter.push(all.charAt(i)))
      assert.equal(found.length, ends.filter((end) => end <= i + 1).length, `after ${i + 1} characters`)
    }
    assert.deepEqual(found, MESSAGES)
  })

  it('gives the same for chunks of every size', () => {
    for (let size = 2; size < 40; size++) {
      const splitter = new MessageSplitter()
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))
      assert.deepEqual(
        chunks.flatMap((chunk) => splitter.push(chunk)),
        MESSAGES,
        `size ${size}`,
      )
    }
  })

  it('leaves a real answer as it is', () => {
    const answer = captured('ovsdb/everything').stdout.trim()
    const splitter = new MessageSplitter()
    assert.deepEqual(splitter.push(answer.slice(0, 1000)), [])
    assert.deepEqual(splitter.push(`${answer.slice(1000)}{`), [answer])
  })

  it('takes a message of megabytes in the chunks of a socket, in time that grows with its length only', () => {
    const message = JSON.stringify({ id: 0, result: Array.from({ length: 200_000 }, (_, i) => `row ${i} "{[" \\`) })
    const splitter = new MessageSplitter()
    const found: string[] = []
    const start = process.cpuUsage().user
    for (let i = 0; i < message.length; i += 4096) found.push(...splitter.push(message.slice(i, i + 4096)))
    const once = process.cpuUsage().user - start
    assert.ok(message.length > 4_000_000)
    assert.deepEqual([found.length, found[0] === message], [1, true])
    // A thousand chunks: looking at every character again for each of them would take minutes.
    assert.ok(once < 5_000_000, `${once} µs`)
  })
})
