import { setTimeout as pause } from 'node:timers/promises'
import { ok, type Check } from '../check.ts'
import { typed } from '../fixes.ts'
import { readSwitch } from '../switch-seen.ts'

/** How long a change may take that somebody makes at this very moment. */
const PATIENCE_MS = 2_000

export const vswitchd: Check = {
  id: 'ovs.vswitchd',
  title: 'ovs-vswitchd carries out changes',
  about:
    'The database holds what is wanted; ovs-vswitchd makes it so, and counts it in cur_cfg. When that stays behind next_cfg the daemon is stopped, or stuck: ports are added in the database only, and ovs-vsctl waits.',
  needs: ['ovs.database'],
  run: async (patient) => {
    let seen = await patient.switch()
    const end = performance.now() + PATIENCE_MS
    while (seen.curCfg < seen.nextCfg && performance.now() < end) {
      await pause(100)
      seen = await readSwitch(patient.host)
    }
    const answers = await patient.daemonAnswers()
    if (answers && seen.curCfg >= seen.nextCfg) return ok(`all ${String(seen.curCfg)} changes are carried out`)
    return [
      {
        ...{ level: 'fail', subject: 'ovs-vswitchd' },
        said: answers
          ? `ovs-vswitchd is ${String(seen.nextCfg - seen.curCfg)} changes behind.`
          : 'ovs-vswitchd does not run, or does not answer: no change of a bridge or port takes effect.',
        evidence: [
          `ovs-vsctl get Open_vSwitch . next_cfg cur_cfg: ${String(seen.nextCfg)} ${String(seen.curCfg)}`,
          `ovs-appctl version: ${answers ? 'answers' : 'no answer'}`,
        ],
        fix: typed('systemctl restart openvswitch-switch', 'tail /var/log/openvswitch/ovs-vswitchd.log'),
      },
    ]
  },
}
