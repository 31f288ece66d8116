import { strict as assert } from 'node:assert'
import { parseMirroring } from '../../../src/lib/network/mirroring.ts'
import { parseMirror, parseMirrorName, type MirrorWords } from '../../../src/lib/network/mirror/words.ts'
import { refuses } from '../../support/bad-input.ts'

const parsed = (words: Partial<MirrorWords>) => parseMirror({ name: 'm1', source: ['web'], dest: 'ids', ...words })

describe('words of a mirror', () => {
  it('takes containers, interfaces, ports and networks, a tunnel, and a time', () => {
    assert.deepEqual(
      parsed({
        ...{ source: ['web', 'db:eth1', 'network:blue', 'tap_0'], dest: 'gre:192.0.2.9' },
        ...{ direction: 'in', bridge: 'br0', ttl: '10m' },
      }),
      {
        name: 'm1',
        sources: [
          { kind: 'named', name: 'web', iface: undefined },
          { kind: 'named', name: 'db', iface: 'eth1' },
          { kind: 'network', network: 'blue' },
          { kind: 'named', name: 'tap_0', iface: undefined },
        ],
        dest: { kind: 'gre', ip: { family: 4, text: '192.0.2.9', bits: 0xc0000209n } },
        ...{ direction: 'in', bridge: 'br0', ttl: 600 },
      },
    )
  })

  it('copies both directions, without an end, on the bridge that there is, unless something is said', () => {
    const { direction, bridge, ttl, dest } = parsed({ dest: 'ids:mon0' })
    assert.deepEqual(
      [direction, bridge, ttl, dest],
      ['both', undefined, undefined, { kind: 'named', name: 'ids', iface: 'mon0' }],
    )
  })

  it('reads times', () => {
    const seconds = ['1s', '90s', '10m', '2h', '30d'].map((ttl) => parsed({ ttl }).ttl)
    assert.deepEqual(seconds, [1, 90, 600, 7_200, 2_592_000])
  })

  refuses(parseMirrorName, 'NAME', ['', '-x', 'a b', 'net:blue', 'a/b', 'm'.repeat(64), 'm1\n', '$(reboot)'])
  refuses((text) => parsed({ source: [text] }), '--source', [
    '',
    '-x',
    'a b',
    'web:',
    'web:a/b',
    'web:eth1:eth2',
    '--',
    'a;b',
  ])
  refuses(
    (text) => parsed({ source: [text] }),
    '--source',
    ['network:', 'network:-x', 'network:a b'],
    (good) => parsed({ source: [`network:${good}`] }),
  )
  refuses((text) => parsed({ dest: text }), '--dest', ['', '--', 'ids:', 'ids:lo', 'x y', '-- del-br br0'])
  refuses(
    (text) => parsed({ dest: text }),
    '--dest',
    [
      'gre:',
      'gre:10.1',
      'gre:010.0.0.1',
      'gre:127.0.0.1',
      'gre:0.0.0.0',
      'gre:224.0.0.1',
      'gre:::1',
      'gre:ff02::1',
      'gre:a',
    ],
    (good) => parsed({ dest: good.startsWith('gre:') ? good : `gre:${good}` }),
  )
  refuses((text) => parsed({ direction: text }), '--direction', ['', 'IN', 'inout', 'in,out'])
  refuses((text) => parsed({ ttl: text }), '--ttl', [
    '',
    '0s',
    '10',
    'm',
    '-1m',
    '1.5h',
    '31d',
    '1e3s',
    '10 m',
    '99999999s',
    '10m ',
  ])
  refuses((text) => parsed({ bridge: text }), '--bridge', ['', '..', 'a/b', 'bridge-of-sixteen'])
  refuses(
    (text) => parsed({ source: [text, text] }),
    '--source',
    ['web'],
    () => parsed({}),
  )
  refuses(
    (text) => parsed({ source: [text], dest: text }),
    '--dest',
    ['ids', 'ids:mon0'],
    (good) => parsed({ dest: good }),
  )
})

describe('words of the mirror of a network', () => {
  const mirroring = (ports: readonly string[], dest: string) =>
    parseMirroring({ name: 'blue', mirrorPorts: ports, mirrorDest: dest }, (word) => word)

  it('takes interfaces, too', () => {
    assert.deepEqual(mirroring(['web:eth2', 'db'], 'ids:mon0'), { ports: ['web:eth2', 'db'], dest: 'ids:mon0' })
  })
  refuses((dest) => mirroring(['all'], dest), 'mirrorDest', [
    'ids:',
    'ids:a/b',
    'gre:192.0.2.9',
    'a:b:c',
    'network:red',
  ])
  refuses((name) => mirroring([name], 'ids'), 'mirrorPorts', ['network:red', 'web:lo', ':eth1'])
  refuses(
    (dest) => mirroring([dest], dest),
    'mirrorDest',
    ['web'],
    (good) => mirroring(['all'], good),
  )
})
