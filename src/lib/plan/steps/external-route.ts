import type { Leg } from '../../attach/external-leg.ts'
import { leadingLines, readRouting } from '../../attach/external-routing.ts'
import type { Site } from '../../attach/external-site.ts'
import { forwards } from '../../attach/external-forwarding.ts'
import type { Host } from '../../host.ts'
import type { Command } from '../../system/command.ts'
import { forwarding } from '../external-passages.ts'
import type { ReversibleStep } from '../step.ts'
import { takeRouting } from './external-remove.ts'

/** Leads the address to the leg, answers ARP requests for it on the host's interface, and announces it there. */
export function externalRoute(host: Host, leg: Leg, site: Site): ReversibleStep {
  const { ip, link, end, gateway } = leg
  const batch = (rules: ReadonlySet<string>): Command => ({
    tool: 'ip',
    args: ['-batch', '-'],
    input: `${leadingLines(leg, site, { rules }).join('\n')}\n`,
  })
  return {
    id: 'external.route',
    title: `Answer for ${ip} on ${link}${gateway === undefined ? '' : `, gateway ${gateway}`}`,
    leaves: `routes and the proxy entry of ${ip} on ${link}`,
    commands: () => [forwarding(end, true), batch(new Set())],
    async isDone(signal) {
      const { proxies, routes } = await readRouting(host.run, signal)
      return proxies.has(`${ip} ${link}`) && routes.has(`${ip} ${end} main`) && forwards(end) === true
    },
    async apply(signal) {
      // Rules only: they are the only thing that cannot be put in place twice.
      const rules = gateway === undefined ? new Set<string>() : (await readRouting(host.run, signal)).rules
      await host.run(forwarding(end, true), signal)
      await host.run(batch(rules), signal)
    },
    undo: (signal) => takeRouting(host, [leg], signal),
  }
}
