import { ok, type Check } from '../check.ts'
import { typed } from '../fixes.ts'

/** What an answer takes at 5,000 ports is some 100 ms (docs/decisions/0003); far above that something else keeps it. */
const SLOW_MS = 1_000

export const database: Check = {
  id: 'ovs.database',
  title: 'ovsdb-server answers',
  about:
    'All that Open vSwitch knows is in its database. Without it nothing can be attached, and nothing be said about ports. A server that takes more than a second to answer is overloaded, or its disk is.',
  needs: [],
  run: async (patient) => {
    const { ms, version } = await patient.switch()
    const words = `Open vSwitch ${version}, answers in ${ms.toFixed(1)} ms`
    return ms < SLOW_MS
      ? ok(words)
      : [
          {
            ...{
              level: 'warn',
              subject: 'ovsdb-server',
              said: `The database takes ${(ms / 1000).toFixed(1)} s to answer.`,
            },
            evidence: [`ovs-vsctl get Open_vSwitch . ovs_version: ${words}`],
            fix: typed('ovs-appctl -t ovsdb-server memory/show', 'ovs-appctl -t ovsdb-server ovsdb-server/compact'),
          },
        ]
  },
}
