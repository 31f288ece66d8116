import type { Host } from '../../host.ts'
import { orphanLinks as orphans } from '../../plan/orphan-links.ts'
import { notHere, orOk, type Check, type Fix } from '../check.ts'
import { runs } from '../fixes.ts'

export const orphanLinks: Check = {
  id: 'host.orphan-links',
  title: 'no pair of links of ovsd is without a port',
  about:
    'A run of ovsd that was killed may leave a pair of links that no bridge knows. They carry the alias that only ovsd sets, so they can be removed; ovsd gc does it too.',
  needs: ['ovs.database'],
  run: async (patient) => {
    if (!patient.host.isDefaultDatabase)
      return notHere('another database than the default one does not know the links of this host')
    const [ports, links] = await Promise.all([patient.ports(), patient.links()])
    const pairs = [...links.values()].filter(({ kind }) => kind === 'veth')
    const found = await orphans(patient.host, ports, pairs)
    return orOk(
      found.map(({ name, container }) => ({
        ...{ level: 'warn', subject: `link ${name}` },
        said: `The link ${name} of container ${container} is connected to no bridge.`,
        evidence: [`ip link show dev ${name}: alias ovsd/${container}/…`],
        fix: removal(name),
      })),
      'none',
    )
  },
}

/** Another ovsd may be about to connect it: it is looked at again when nobody else is at work. */
function removal(name: string): Fix {
  const { lines, safe } = runs('link.remove', `link ${name}`, { tool: 'ip', args: ['link', 'delete', 'dev', name] })
  const isStill = async (host: Host): Promise<boolean> =>
    (await orphans(host, await host.ovs.everything())).some((one) => one.name === name)
  return {
    lines,
    safe: async (host) =>
      safe !== undefined && (await isStill(host)) ? await safe(host) : { plan: undefined, result: {} },
  }
}
