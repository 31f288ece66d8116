// Endpoints as Docker would have them, with published ports, on hosts with and without nft.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { findEndpoint, linksOf } from '../../src/lib/attach/endpoint.ts'
import { openHost } from '../../src/lib/host.ts'
import { parseHostCidr } from '../../src/lib/net/cidr.ts'
import type { Gateway } from '../../src/lib/network/gateway.ts'
import { networkNamed } from '../../src/lib/network/networks.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { createEndpoint } from '../../src/lib/plan/create-endpoint.ts'
import type { PortWish } from '../../src/lib/plan/host-ports.ts'
import type { Prepared } from '../../src/lib/plan/prepared.ts'
import { publishPorts, revokePorts } from '../../src/lib/plan/publish-ports.ts'
import { removeEndpoint } from '../../src/lib/plan/remove-endpoint.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { bareNamespace } from './namespace.ts'
import { natState, removeAll } from './nat.ts'
import { dockerId } from './plugin-call.ts'
import { tool, toolIn } from './tool.ts'
import { withoutNft } from './without-nft.ts'

const signal = new AbortController().signal
export const HERE = `/proc/${String(process.pid)}/ns/net`
const words = (digit: string, subnet: readonly string[]): NetworkWords => ({
  ...{ name: digit.repeat(12), id: dockerId(digit), owner: 'plugin', bridge: 'bn0', mode: 'nat' },
  ...{ vlan: digit === 'b' ? '7' : '8', subnet },
})
export const BLUE = words('b', ['10.3.0.0/24', 'fd03::/64'])
export const RED = words('c', ['10.4.0.0/24', 'fd04::/64'])
export const wish = (port: number, hostPort: number, more: Partial<PortWish> = {}): PortWish => ({
  ...{ protocol: 'tcp', port, hostIp: '', hostPort, hostPortEnd: hostPort },
  ...more,
})

async function carriedOut<T extends object>(prepare: Promise<Prepared<T>>): Promise<T> {
  const { plan, result } = await prepare
  if (plan !== undefined) await runPlan(plan, signal, nobody)
  return result
}

/** An endpoint whose link is in a namespace, as Docker puts it there. */
export async function endpoint({ network: name, sides }: Gateway, digit: string, ...addresses: readonly string[]) {
  using host = openHost()
  const [id, network] = [dockerId(digit), await networkNamed(host, name)]
  const all = addresses.map((text) => parseHostCidr(text, 'address'))
  await carriedOut(createEndpoint(host, { network, id, addresses: all, mac: undefined }))
  const namespace = bareNamespace()
  const { far } = linksOf(id)
  tool('ip', 'link', 'set', 'dev', far, 'netns', namespace.name, 'name', 'eth0')
  const inside = (...args: string[]): string => toolIn(namespace.path, 'ip', ...args)
  for (const text of addresses) inside('address', 'add', text, 'dev', 'eth0', ...(text.includes(':') ? ['nodad'] : []))
  for (const link of ['lo', 'eth0']) inside('link', 'set', link, 'up')
  for (const { family, ip } of sides)
    if (addresses.some((text) => text.includes(':') === (family === 6)))
      inside(`-${String(family)}`, 'route', 'add', 'default', 'via', ip)
  return {
    ...{ id, path: namespace.path, port: linksOf(id).port },
    async [Symbol.asyncDispose]() {
      using again = openHost()
      await carriedOut(removeEndpoint(again, id))
      namespace[Symbol.dispose]()
    },
  }
}

export async function publish({ network: name }: Gateway, id: string, ...wishes: readonly PortWish[]) {
  using host = openHost()
  const found = await findEndpoint(host, id)
  assert.ok(found)
  return await carriedOut(publishPorts(host, await networkNamed(host, name), found, wishes))
}

export async function revoke(id: string) {
  using host = openHost()
  const found = await findEndpoint(host, id)
  assert.ok(found)
  return await carriedOut(revokePorts(host, found))
}

export const localnet = (link: string): string =>
  readFileSync(`/proc/sys/net/ipv4/conf/${link}/route_localnet`, 'utf8').trim()
export const ports = ({ port }: { readonly port: string }): string =>
  tool('ovs-vsctl', '--if-exists', 'get', 'Interface', port, 'external_ids:ovsd_ports').trim()

export type FirewallName = 'nftables' | 'iptables'

/** What tests with one firewall have. */
export interface Firewalled {
  readonly firewall: FirewallName
  /** Takes nft away, on a host with iptables alone, and puts it back. */
  readonly hide: () => void
  readonly unhide: () => void
  /** The host, compared with nft at hand. */
  readonly state: () => unknown
}

/** Tests that are made with each firewall. */
export function eachFirewall(title: string, tests: (one: Firewalled) => void): void {
  for (const firewall of ['nftables', 'iptables'] as const)
    describe(`${title} with ${firewall}`, function () {
      // Chains that iptables has made once stay, empty.
      after(() => tool('nft', 'flush', 'ruleset'))
      this.timeout(180_000)
      let hidden: Disposable | undefined
      const hide = (): void => {
        hidden = firewall === 'iptables' ? withoutNft() : undefined
      }
      const unhide = (): void => {
        hidden?.[Symbol.dispose]()
        hidden = undefined
      }
      afterEach(async () => {
        await removeAll()
        unhide()
      })
      /** The host, compared with nft at hand; what iptables has made once stays, empty. */
      const state = (): unknown => {
        unhide()
        if (firewall === 'iptables') {
          assert.doesNotMatch(tool('iptables-save') + tool('ip6tables-save'), /OVSD|ovsd/)
          tool('nft', 'flush', 'ruleset')
        }
        const seen = natState()
        hide()
        return seen
      }
      tests({ firewall, hide, unhide, state })
    })
}
