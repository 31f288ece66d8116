import { parseImage, parsePublished, parseNetworkOfDocker } from '../../../../src/lib/ovn/container/names.ts'
import { accepts, refuses } from '../../../support/bad-input.ts'

describe('names of Docker', () => {
  describe('parseNetworkOfDocker', () => {
    accepts((text) => parseNetworkOfDocker(text, '--network'), { own: 'own', 'my-net_1.x': 'my-net_1.x' })
    refuses((text) => parseNetworkOfDocker(text, '--network'), '--network', [
      '',
      '-x',
      'a b',
      'a/b',
      'a\nb',
      'x'.repeat(129),
    ])
  })

  describe('parseImage', () => {
    const digest = `example/ovn@sha256:${'a'.repeat(64)}`
    accepts((text) => parseImage(text, '--image'), {
      'ovn-central': 'ovn-central',
      'localhost:5000/a/b:1.2': 'localhost:5000/a/b:1.2',
      [digest]: digest,
    })
    refuses((text) => parseImage(text, '--image'), '--image', ['', '-v', 'a b', '$(x)', '../x', 'x'.repeat(256)])
  })

  describe('parsePublished', () => {
    accepts((text) => parsePublished(text, '--listen').text, { '192.0.2.1': '192.0.2.1', '2001:DB8::1': '2001:db8::1' })
    refuses((text) => parsePublished(text, '--listen'), '--listen', [
      '',
      '0.0.0.0',
      '::',
      'eth0',
      '192.0.2.1:6641',
      'localhost',
    ])
  })
})
