// Open vSwitch and the host's end of a pair.
import { linkDown } from '../words.ts'
import { runs, typed } from '../fixes.ts'
import { attachLine } from './attach-line.ts'
import type { Judge } from './judge.ts'

export const deviceError: Judge = {
  id: 'port.error',
  title: 'Open vSwitch could open the device of each port',
  about:
    'ovs-vsctl ends with 0 also when ovs-vswitchd cannot use the device; the reason is in the column error of the Interface. It carries no frame until that is mended.',
  find: (port) =>
    port.where.interface.error === ''
      ? undefined
      : {
          level: 'fail',
          said: `Open vSwitch cannot use the device: ${port.where.interface.error}.`,
          evidence: [`ovs-vsctl get Interface ${port.where.interface.name} error: ${port.where.interface.error}`],
          fix: typed(...attachLine(port)),
        },
}

export const notOpened: Judge = {
  id: 'port.ofport',
  title: 'each port has an OpenFlow number',
  about:
    'A port without a number (ofport -1, or none) is not part of the datapath: frames neither come in nor go out. Usually two rows claim one device, or ovs-vswitchd has not got to it yet.',
  find: (port) => {
    const { ofport, name } = port.where.interface
    return ofport !== undefined && ofport > 0
      ? undefined
      : {
          level: 'fail',
          said: 'The port has no OpenFlow number: Open vSwitch does not use it.',
          evidence: [`ovs-vsctl get Interface ${name} ofport: ${ofport === undefined ? '[]' : String(ofport)}`],
          fix: typed(...attachLine(port)),
        }
  },
}

export const linkIsDown: Judge = {
  id: 'port.link-down',
  title: "the host's end of each pair is up",
  about:
    'The link was set down on the host (ip link set … down). No frame passes it, and the container sees no carrier.',
  find: ({ link }) =>
    link === undefined || link.isUp
      ? undefined
      : {
          level: 'fail',
          said: "The host's end of the pair is down.",
          evidence: [linkDown(link.name)],
          fix: runs('link.up', `${link.name} is down`, { tool: 'ip', args: ['link', 'set', 'dev', link.name, 'up'] }),
        },
}
