import { tool } from './tool.ts'

/** Gives this host a link with the address 192.0.2.7/24 (TEST-NET-1, RFC 5737), that tunnels may have; gone at the end of its life. */
export function hostLink(): Disposable {
  tool('ip', 'link', 'add', 'host0', 'type', 'veth', 'peer', 'name', 'host1')
  tool('ip', 'address', 'add', '192.0.2.7/24', 'dev', 'host0')
  for (const end of ['host0', 'host1']) tool('ip', 'link', 'set', end, 'addrgenmode', 'none', 'up')
  return { [Symbol.dispose]: () => void tool('ip', 'link', 'del', 'host0') }
}
