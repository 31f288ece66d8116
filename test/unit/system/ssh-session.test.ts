import { strict as assert } from 'node:assert'
import { sshSession } from '../../../src/lib/system/ssh-session.ts'

describe('the ssh session', () => {
  const of = (text: string | undefined) => sshSession(text === undefined ? {} : { SSH_CONNECTION: text }, 0)

  it('is what SSH_CONNECTION says, link-local and mapped addresses too', () => {
    assert.deepEqual(of('198.51.100.7 50022 192.0.2.5 22'), { client: '198.51.100.7', server: '192.0.2.5' })
    assert.deepEqual(of('fe80::7%eno2 50022 fe80::5%eno2 22'), { client: 'fe80::7', server: 'fe80::5' })
    assert.deepEqual(of('::ffff:198.51.100.7 50022 ::ffff:192.0.2.5 22'), {
      client: '198.51.100.7',
      server: '192.0.2.5',
    })
    for (const none of [undefined, '', 'nonsense']) assert.equal(of(none), undefined)
  })

  it('is looked for among the parents, which may be gone', () => {
    assert.doesNotThrow(() => sshSession({}, process.pid))
    assert.equal(sshSession({}, 4_194_304), undefined)
  })
})
