import { collectGarbage } from '../../plan/collect-garbage.ts'
import { orphanLinks as orphans } from '../../plan/orphan-links.ts'
import { orOk, type Check } from '../check.ts'
import { recipe } from '../fixes.ts'

export const orphanLinks: Check = {
  id: 'host.orphan-links',
  title: 'no pair of links of ovsd is without a port',
  about:
    'A run of ovsd that was killed may leave a pair of links that no bridge knows. They carry the alias that only ovsd sets, so ovsd gc can remove them.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const found = await orphans(patient.host, await patient.ports())
    return orOk(
      found.map(({ name, container }) => ({
        ...{
          level: 'warn',
          subject: `link ${name}`,
          said: `The link ${name} of container ${container} is connected to no bridge.`,
        },
        evidence: [`ip link show dev ${name}: alias ovsd/${container}/…`],
        fix: recipe('ovsd gc', (host) => collectGarbage(host, undefined)),
      })),
      'none',
    )
  },
}
