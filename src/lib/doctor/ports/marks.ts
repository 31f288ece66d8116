import { typed } from '../fixes.ts'
import { attachLine } from './attach-line.ts'
import type { Judge } from './judge.ts'

const SPEC = 'ovsd_spec'

export const marksDamaged: Judge = {
  id: 'port.marks',
  title: 'what ovsd has recorded of each port can be read',
  about:
    'The external_ids of an Interface row are all that ovsd knows of an attachment: whose it is, and which addresses, routes, MAC and MTU it was given (ovsd(8), "MARKS"). When somebody has changed or removed them nothing of that can be compared, repaired or put back.',
  find: (port) => {
    const { marks, where } = port
    const { name, externalIds } = where.interface
    const isUnread = marks.spec === undefined
    // Of endpoints of Docker's the driver learns later which interface they became.
    if (!isUnread && (marks.iface !== '' || marks.endpoint !== '')) return undefined
    const key = isUnread ? SPEC : 'container_iface'
    const value = externalIds[key]
    return {
      level: 'fail',
      said: `What ovsd has recorded of the port ${value === undefined ? 'is incomplete' : 'is damaged'}: ${key} ${value === undefined ? 'is missing' : 'cannot be read'}, so nobody can say how the interface should be.`,
      evidence: [
        `ovs-vsctl get Interface ${name} external_ids:${key}: ${value === undefined ? `no key ${key}` : value.slice(0, 80)}`,
      ],
      fix: typed(...attachLine(port)),
    }
  },
}
