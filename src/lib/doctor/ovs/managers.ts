import { orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

/** Whether a listener takes anybody who reaches it: no TLS, and not only this host (ovsdb(7), "Connection Methods"). */
export function isOpenToAll(target: string): boolean {
  const [, address = ''] = /^ptcp:\d*:?(.*)$/.exec(target) ?? []
  return target.startsWith('ptcp:') && !/^(127\.|\[?::1\]?)/.test(address)
}

export const managers: Check = {
  id: 'ovs.managers',
  title: 'nobody on the network can change the switch unasked',
  about:
    'ovs-vsctl set-manager ptcp:6640 has ovsdb-server listen on every address, without a password and without TLS: whoever reaches the port is root of the switch. pssl: with certificates, or ptcp:6640:127.0.0.1, is what was meant.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const { managers: all } = await patient.switch()
    return orOk(
      all
        .filter(({ target }) => isOpenToAll(target))
        .map(({ target }): Trouble => ({
          ...{ level: 'warn', subject: `manager ${target}` },
          said: `Anybody who reaches this host at ${target} can change every bridge of it.`,
          evidence: [`ovs-vsctl get-manager: ${all.map((one) => one.target).join(', ')}`],
          // Somebody may be using it right now.
          fix: typed(
            `ovs-vsctl set-manager ${all.map((one) => (one.target === target ? target.replace(/^(ptcp:\d*).*$/, '$1:127.0.0.1') : one.target)).join(' ')}`,
          ),
        })),
      all.length === 0 ? 'no manager' : all.map(({ target }) => target).join(', '),
    )
  },
}
