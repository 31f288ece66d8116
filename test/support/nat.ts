// nat networks as the recipes make them, with bare namespaces in them.
import { createHash } from 'node:crypto'
import { execa, execaSync } from 'execa'
import { openHost } from '../../src/lib/host.ts'
import { gatewaysOf, type Gateway } from '../../src/lib/network/gateway.ts'
import { networkNamed, networksOf, othersThan } from '../../src/lib/network/networks.ts'
import { parseNetworkSpec } from '../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { createNetwork, type CreateOptions } from '../../src/lib/plan/create-network.ts'
import { missingOfParts } from '../../src/lib/plan/parts/parts.ts'
import { removeNetwork } from '../../src/lib/plan/remove-network.ts'
import { stepsOf } from '../../src/lib/plan/step.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { bareNamespace, type BareNamespace } from './namespace.ts'
import { hostState } from './outside.ts'
import { linkSettings } from './sysctl.ts'
import { tool, toolIn, tools } from './tool.ts'

const signal = new AbortController().signal

/**
 * Makes a network and stops after `most` of its steps, as a run does that is killed: nothing is undone. Whether that were all.
 */
export async function killedAfter(words: NetworkWords, most: number): Promise<boolean> {
  using host = openHost()
  const { plan } = await createNetwork(host, words, parseNetworkSpec(words), { mayExist: false })
  const steps = plan === undefined ? [] : stepsOf(plan)
  for (const step of steps.slice(0, most)) await step.apply(signal)
  return most >= steps.length
}

/** Makes a network, or completes it; `runner` is for the steps alone, and not for what is looked at before. */
export async function createNat(
  words: NetworkWords,
  { runner = run, ...options }: Partial<CreateOptions> & { readonly runner?: Runner } = {},
): Promise<Gateway> {
  using host = openHost({ runner: (command, ...rest) => (isRunning ? runner : run)(command, ...rest) })
  let isRunning = false
  const { plan } = await createNetwork(host, words, parseNetworkSpec(words), { mayExist: false, ...options })
  isRunning = true
  if (plan !== undefined) await runPlan(plan, signal, nobody)
  return await gatewayNamed(words.name)
}

/** Removes a network, whatever is in it. */
export async function removeNat(name: string, runner: Runner = run): Promise<void> {
  using host = openHost({ runner })
  const { plan } = await removeNetwork(host, name, { force: true })
  if (plan !== undefined) await runPlan(plan, signal, nobody)
}

/** What is missing of a network. */
export async function missingOf(name: string): Promise<readonly string[]> {
  using host = openHost()
  const { spec } = await networkNamed(host, name)
  return await missingOfParts(host, spec, { others: othersThan(spec, await networksOf(host)) })
}

export async function gatewayNamed(name: string): Promise<Gateway> {
  using host = openHost()
  const { spec } = await networkNamed(host, name)
  const [gateway] = await gatewaysOf(host, [spec])
  if (gateway === undefined) throw new Error(`${name} has no gateway`)
  return gateway
}

/** A network that is gone at the end of an `await using` block. */
export async function nat(words: NetworkWords): Promise<Gateway & AsyncDisposable> {
  const gateway = await createNat(words)
  return {
    ...gateway,
    async [Symbol.asyncDispose]() {
      using host = openHost()
      if ((await networksOf(host)).some(({ name }) => name === words.name)) await removeNat(words.name)
    },
  }
}

/** Takes away whatever a test that failed has left. */
export async function removeAll(): Promise<void> {
  using host = openHost()
  for (const { name } of await networksOf(host)) await removeNat(name)
}

let count = 0

/** A namespace on the network's segment, with these addresses, and its default routes by the gateway. */
export function member({ bridge, tag, sides }: Gateway, ...addresses: readonly string[]): BareNamespace {
  const namespace = bareNamespace()
  const port = `m${String(process.pid)}-${String(count++)}`
  tool('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace.name)
  tool('ip', 'link', 'set', port, 'addrgenmode', 'none', 'up')
  tool('ovs-vsctl', 'add-port', bridge, port, `tag=${String(tag)}`)
  const inside = (...args: string[]): string => toolIn(namespace.path, ...(args as [string]))
  inside('ethtool', '-K', 'eth0', 'tx', 'off')
  for (const address of addresses)
    inside('ip', 'address', 'add', address, 'dev', 'eth0', ...(address.includes(':') ? ['nodad'] : []))
  for (const link of ['lo', 'eth0']) inside('ip', 'link', 'set', link, 'up')
  for (const { family, ip } of sides)
    if (addresses.some((address) => address.includes(':') === (family === 6)))
      inside('ip', `-${String(family)}`, 'route', 'add', 'default', 'via', ip)
  return {
    ...namespace,
    [Symbol.dispose]() {
      tool('ovs-vsctl', '--if-exists', 'del-port', port)
      // The pair does not go with the namespace at once.
      execaSync('ip', ['link', 'del', 'dev', port], { reject: false })
      namespace[Symbol.dispose]()
    },
  }
}

/** Whether 200,000 bytes arrive over TCP, more than one window; the other end answers with their checksum. */
export function carries(from: string, to: string, address: string): boolean {
  const words = 'words and more words'.repeat(10_000)
  const port = '9001'
  const listen = [`--net=${to}`, 'busybox', 'timeout', '5', 'busybox', 'nc', '-l', '-p', port, '-e', 'sha256sum']
  const server = execa('nsenter', listen, { reject: false, stdio: 'ignore' })
  for (let tries = 0; tries < 200 && !toolIn(to, 'ss', '-lnt').includes(`:${port} `); tries++) tool('sleep', '0.02')
  const client = [`--net=${from}`, 'busybox', 'timeout', '4', 'busybox', 'nc', address, port]
  const { stdout } = execaSync('nsenter', client, { input: words, reject: false })
  server.kill()
  return stdout.split(' ')[0] === createHash('sha256').update(words).digest('hex')
}

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')

/** Everything of the host that a nat network may touch. */
export function natState(): unknown {
  const tables = [
    ['Bridge', 'name', 'ports', 'other_config', 'external_ids'],
    ['Port', 'name', 'tag', 'vlan_mode', 'external_ids'],
    ['Interface', 'name', 'type', 'external_ids', 'mtu_request'],
  ]
  const [routes = '', ...rows] = tools([
    ['ip', '-6', 'route', 'show', 'table', 'all'],
    ...tables.map(([table = '', ...columns]) => {
      return ['ovs-vsctl', '--format=csv', `--columns=${columns.join(',')}`, 'list', table]
    }),
  ])
  return {
    host: hostState(),
    // A link gets its link-local address when it has asked for a second whether somebody else has it.
    routes: lines(routes)
      .filter((route) => !/fe80:|multicast/.test(route))
      .sort(),
    sysctl: linkSettings('ipv6', /^(forwarding|accept_ra|accept_dad|disable_ipv6)$/),
    ovs: rows.map((text) => [...lines(text)].sort()),
  }
}
