import { clientFaults } from '../../dhcp/client.ts'
import { clientKeys } from '../../dhcp/marks.ts'
import { typed } from '../fixes.ts'
import { attachLine } from './attach-line.ts'
import type { Judge } from './judge.ts'

export const dhcpClient: Judge = {
  id: 'port.dhcp',
  title: 'the DHCP client of each container that has one is at work',
  about:
    "The address of the container comes from a DHCP server in its network, and a process of this host asks for it. When that process is gone the address stays until its lease ends, and is nobody's then; without a lease the container has no address at all. ovsd watch, ovsd daemon and ovsd plugin start it again by themselves.",
  find: (port) => {
    const { name, externalIds } = port.where.interface
    const [fault] = clientFaults(name, externalIds)
    if (fault === undefined) return undefined
    const isGone = fault.includes('client is gone')
    const lease = externalIds['ovsd_lease']
    const said = clientKeys(externalIds).map((key) => `${key}=${externalIds[key] ?? ''}`)
    return {
      // It works until the lease ends.
      level: isGone && lease !== undefined ? 'warn' : 'fail',
      said: `The interface gets its address by DHCP, and ${fault}${isGone && lease !== undefined ? ': nobody renews the lease' : ''}.`,
      evidence: [`ovs-vsctl get Interface ${name} external_ids: ${said.join(' ') || 'no lease'}`],
      fix: typed(...attachLine(port)),
    }
  },
}
