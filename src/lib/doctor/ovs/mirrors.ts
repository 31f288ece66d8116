import { orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

export const mirrors: Check = {
  id: 'ovs.mirrors',
  title: 'each mirror has somewhere to send to',
  about:
    'The port that a mirror sends to was deleted: Open vSwitch keeps the mirror, and it sees nothing any more. Worse, ovs-vswitchd still looks at every frame for it.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const { mirrors: all } = await patient.switch()
    return orOk(
      all
        .filter(({ hasOutput }) => !hasOutput)
        .map(({ name, bridge, uuid, externalIds }): Trouble => {
          const isOurs = externalIds['ovsd'] !== undefined
          return {
            ...{
              level: 'fail',
              subject: `mirror ${name}`,
              said: `The mirror ${name} of ${bridge} sends to no port any more.`,
            },
            evidence: [`ovs-vsctl list Mirror ${uuid}: output_port []`],
            fix: typed(isOurs ? `ovsd mirror rm ${name}` : `ovs-vsctl -- remove Bridge ${bridge} mirrors ${uuid}`),
          }
        }),
      all.length === 0 ? 'no mirror' : String(all.length),
    )
  },
}
