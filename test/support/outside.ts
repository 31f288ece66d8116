// A network outside of the host: a namespace at the other end of a link of the host, with machines to be reached from.
import { execa, execaSync } from 'execa'
import { bareNamespace } from './namespace.ts'
import { hostSetting, linkSettings } from './sysctl.ts'
import { tool, toolIn, tools } from './tool.ts'

let count = 0

/** The host has HOST on `link`, the machine outside has OUT; all in 203.0.113.0/24 (RFC 5737). */
export const HOST = '203.0.113.1'
export const OUT = '203.0.113.9'

export interface Outside extends Disposable {
  /** The host's interface that leads there. */
  readonly link: string
  readonly path: string
  /** Name of the other end, outside. */
  readonly far: string
}

/** Gone, with everything on it, at the end of the `using` block. */
export function outside(name = `wan${String(count++)}`): Outside {
  const namespace = bareNamespace()
  const far = 'o0'
  tool('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', far, 'netns', namespace.name)
  tool('ip', 'address', 'add', `${HOST}/24`, 'dev', name)
  tool('ip', 'link', 'set', name, 'up')
  toolIn(namespace.path, 'ip', 'address', 'add', `${OUT}/24`, 'dev', far)
  for (const link of ['lo', far]) toolIn(namespace.path, 'ip', 'link', 'set', link, 'up')
  return {
    link: name,
    path: namespace.path,
    far,
    [Symbol.dispose]() {
      // The pair does not go with the namespace at once: the next test would meet its address.
      execaSync('ip', ['link', 'del', 'dev', name], { reject: false })
      namespace[Symbol.dispose]()
    },
  }
}

/** Whether an echo request sent in `from` is answered; the host may take 0.8 s to answer an ARP request for another. */
export function pings(from: string, to: string, ...options: string[]): boolean {
  const args = [`--net=${from}`, 'busybox', 'ping', '-c', '1', '-W', '2', ...options, to]
  return execaSync('nsenter', args, { reject: false }).exitCode === 0
}

/** The same for what has to be answered: a machine with much to do may take its time, or lose the first one. */
export const reaches = (from: string, to: string, ...options: string[]): boolean =>
  [1, 2, 3].some(() => pings(from, to, ...options))

/** Which of these addresses answer, asked side by side: one that stays silent takes two seconds. */
export async function answering(from: string, addresses: readonly string[]): Promise<readonly string[]> {
  const asked = addresses.map(async (to) => {
    const args = [`--net=${from}`, 'busybox', 'ping', '-c', '1', '-W', '2', to]
    return (await execa('nsenter', args, { reject: false })).exitCode === 0 ? [to] : []
  })
  return (await Promise.all(asked)).flat()
}

/** What a TCP connection from one namespace to an address that the other one has gives the other to hear; '' if none. */
export async function hears(from: string, to: string, address: string, words: string): Promise<string> {
  const port = '9000'
  const server = execa('nsenter', [`--net=${to}`, 'busybox', 'nc', '-l', '-p', port], { reject: false, timeout: 5000 })
  for (let tries = 0; tries < 200 && !toolIn(to, 'ss', '-lnt').includes(`:${port} `); tries++) tool('sleep', '0.02')
  const client = ['--net=' + from, 'busybox', 'timeout', '3', 'busybox', 'nc', address, port]
  execaSync('nsenter', client, { input: words, reject: false })
  server.kill()
  return (await server).stdout
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) =>
      line
        .trimEnd()
        .replace(/^\d+: /, '')
        .replace(/@if\d+/, ''),
    )
    .filter((line) => line !== '')
    .sort()

/** Everything of the host that a leg may touch, inside the given namespaces too. */
export function hostState(...namespaces: readonly string[]): unknown {
  const quiet = (text: string): string => text.replaceAll(/ (state|qdisc) \S+/g, '')
  const [links = '', addresses = '', rules = '', routes = '', proxies = '', neighbours = '', nft] = tools([
    ['ip', '-oneline', 'link', 'show'],
    ['ip', '-oneline', '-4', 'address', 'show'],
    ['ip', 'rule', 'show'],
    ['ip', '-4', 'route', 'show', 'table', 'all'],
    ['ip', 'neigh', 'show', 'proxy'],
    ['ip', '-4', 'neigh', 'show'],
    ['nft', '--stateless', 'list', 'ruleset'],
  ])
  return {
    links: lines(quiet(links)),
    addresses: lines(quiet(addresses)),
    rules: lines(rules),
    routes: lines(routes),
    proxies: lines(proxies),
    // Machines outside come and go; addresses that were led to containers must not stay.
    neighbours: lines(neighbours).filter((line) => line.startsWith('203.0.113.5')),
    nft,
    sysctl: [
      ...['ip_forward', 'ip_nonlocal_bind'].map((name) => hostSetting('ipv4', name)),
      ...linkSettings('ipv4', /^(forwarding|proxy_arp|rp_filter|route_localnet|arp_)/),
    ],
    inside: namespaces.map((path) => {
      const [own = '', ...others] = tools(
        [
          ['ip', '-oneline', '-4', 'address', 'show'],
          ['ip', 'rule', 'show'],
          ['ip', '-4', 'route', 'show', 'table', 'all'],
        ],
        path,
      )
      return [...lines(quiet(own)), ...others.flatMap(lines)]
    }),
  }
}
