import { orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'
import { count } from '../words.ts'

export const qos: Check = {
  id: 'ovs.qos',
  title: 'no QoS rows are left over',
  about:
    'Rows of QoS and Queue stay when the port that used them goes (ovs-vswitchd.conf.db(5)). They do no harm one by one, but tools that make one for each container leave thousands, and every client downloads them.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const { unusedQos, unusedQueues } = await patient.switch()
    const rows = [...unusedQos.map((id) => ['QoS', id] as const), ...unusedQueues.map((id) => ['Queue', id] as const)]
    const troubles: readonly Trouble[] =
      rows.length === 0
        ? []
        : [
            {
              ...{
                level: 'warn',
                subject: 'QoS',
                said: `${count(rows.length, 'row')} of QoS and Queue ${rows.length === 1 ? 'is' : 'are'} used by no port.`,
              },
              evidence: rows
                .slice(0, 5)
                .map(
                  ([table, id]) =>
                    `ovs-vsctl list ${table}: ${id}, named by no ${table === 'QoS' ? 'Port' : 'used QoS'}`,
                ),
              // Others make them, and may be about to use them.
              fix: typed(...rows.slice(0, 20).map(([table, id]) => `ovs-vsctl destroy ${table} ${id}`)),
            },
          ]
    return orOk(troubles, 'none')
  },
}
