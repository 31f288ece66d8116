import { tool } from './tool.ts'

/** A host with the chains that Docker makes, and its policy. */
export function dockerChains(): Disposable {
  const each = (...lines: readonly string[]): void => {
    for (const name of ['iptables', 'ip6tables']) for (const line of lines) tool(name, ...line.split(' '))
  }
  each('-N DOCKER-USER', '-A DOCKER-USER -j RETURN', '-I FORWARD -j DOCKER-USER', '-P FORWARD DROP')
  return {
    [Symbol.dispose]() {
      each('-P FORWARD ACCEPT', '-F FORWARD', '-F DOCKER-USER', '-X DOCKER-USER')
      for (const family of ['ip', 'ip6']) tool('nft', 'delete', 'table', family, 'filter')
    },
  }
}
