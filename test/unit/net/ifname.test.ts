import { parseBridge, parseInterface } from '../../../src/lib/net/ifname.ts'
import { accepts, refuses } from '../../support/bad-input.ts'

/** Names that neither an interface of a container nor a bridge can have. */
const BAD = [
  '',
  '.',
  '..',
  'a/b',
  'a b',
  ' eth1',
  'eth1 ',
  'a:b',
  '-x',
  '--',
  '%d',
  'eth%d',
  'eth1\n',
  'eth1\0',
  'eth\t1',
  'äth1',
  '眼',
  "e'th1",
  'e"th',
  '$(reboot)',
  'eth1;',
  'abcdefghijklmnop',
  'ä'.repeat(8),
  'lo',
  'all',
  'default',
  'ovs-netdev',
  'ovs-system',
  'x'.repeat(65_536),
]

const good = (names: readonly string[]): Record<string, never> =>
  Object.fromEntries(names.map((name) => [name, name])) as Record<string, never>

describe('parseInterface', () => {
  refuses((text) => parseInterface(text), 'INTERFACE', BAD)
  accepts(
    (text) => parseInterface(text),
    good(['eth1', 'e', 'abcdefghijklmno', 'eth0.100', 'vlan@1', 'a-b_c+d', '_x', '0', 'Lo', 'lo0']),
  )
})

describe('parseBridge', () => {
  refuses((text) => parseBridge(text), 'BRIDGE', [...BAD, '-- del-br br0', 'br0 --', 'bridge-of-sixteen'])
  refuses((text) => parseBridge(text, '--bridge'), '--bridge', ['a/b'])
  accepts((text) => parseBridge(text), good(['br0', 'br-int', 'ovsbr-1a2b3', 'abcdefghijklmno']))
})
