import type { Host } from '../../host.ts'
import { insideOf, type AttachmentSeen } from '../attachments-seen.ts'
import { notHere, orOk, type Check, type Trouble } from '../check.ts'
import { runsInside } from '../fixes.ts'
import { isOn, offloadsOn, type PlaceInside } from './checksums.ts'

export const offload: Check = {
  id: 'port.offload',
  title: 'containers on a userspace bridge compute their checksums',
  about:
    'A bridge of datapath_type netdev takes frames as they are. With checksum offload on, the kernel leaves the checksum of TCP and UDP for a network card that is not there: ping works, TCP does not. ovsd turns it off when it attaches.',
  needs: ['ovs.vswitchd'],
  run: async (patient) => {
    const { all } = await patient.attachments()
    const affected = all.filter((port) => port.where.bridge.datapathType === 'netdev' && insideOf(port) !== undefined)
    if (affected.length === 0) return notHere('no container is on a userspace bridge')
    const found = await offloadsOn(patient.host.run, affected.map(placeOf))
    return orOk(affected.filter((_, i) => found[i] === true).map(trouble), `off in ${String(affected.length)}`)
  },
}

/** Whether checksums of transmitted frames are left for hardware. A container that has ended meanwhile has nothing on. */
export const offloadIsOn = async ({ run }: Host, port: AttachmentSeen): Promise<boolean> =>
  await isOn(run, placeOf(port))

const placeOf = ({ life, marks, subject }: AttachmentSeen): PlaceInside => ({
  ...{ path: life.path ?? '', iface: marks.iface, whose: subject },
})

const trouble = (port: AttachmentSeen): Trouble => ({
  ...{ level: 'fail', subject: port.subject },
  said: `Checksum offload is on inside, but ${port.where.bridge.name} is a userspace bridge: TCP from the container is dropped, though ping works.`,
  evidence: [`nsenter --net=${port.life.path ?? ''} ethtool -k ${port.marks.iface}: tx-checksumming: on`],
  fix: runsInside('link.offload', port.life.path ?? '', port.subject, {
    tool: 'ethtool',
    args: ['-K', port.marks.iface, 'tx', 'off'],
  }),
})
