import type { Host } from '../../host.ts'
import { describeRate } from '../../net/rate.ts'
import { limitOf, type Limit } from '../../ovs/port-changes.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

/** Changes how much may come in by a port, in kbit/s; 0 is without limit. */
export function rateSet(host: Host, port: string, kbit: number, before: Limit): ReversibleStep {
  const command = host.vsctl.setRate(port, limitOf(kbit))
  const limitNow = async (): Promise<Limit | undefined> => (await host.ovs.interfaces([{ name: port }]))[0]?.[0]
  return {
    id: 'rate.set',
    title: kbit === 0 ? `Take the limit from ${port}` : `Limit ${port} to ${describeRate(kbit)}bit/s`,
    leaves: `rate of port ${port}`,
    commands: () => [command],
    isDone: async () => (await limitNow())?.rate === kbit,
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      try {
        await host.run(host.vsctl.setRate(port, before, UNDO_WAIT_S), signal)
      } catch (error) {
        // A port that is gone has no rate left; and a hung ovs-vswitchd does not keep the database from being right.
        const now = await limitNow()
        if (now !== undefined && (now.rate !== before.rate || now.burst !== before.burst)) throw error
      }
    },
  }
}
