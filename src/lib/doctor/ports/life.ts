// A port whose container, or whose pair of links, is gone.
import { collectGarbage } from '../../plan/collect-garbage.ts'
import { INTEGRATION_BRIDGE } from '../../ovn/chassis.ts'
import { recipe, typed } from '../fixes.ts'
import { attachLine } from './attach-line.ts'
import type { Judge } from './judge.ts'

export const stale: Judge = {
  id: 'port.stale',
  title: 'each port has a living container',
  about:
    'A container ended while nobody removed its port: dockerd was killed, the host lost power, or what removes ports was not running. The port keeps the addresses of the container, so that others are refused them. ovsd gc removes such ports, and only those whose container is provably gone.',
  find: ({ life, where, link }) =>
    // One that the engine does not know, and whose link lives, may be of another engine.
    life.reason === undefined || (life.reason === 'its container is gone' && link !== undefined)
      ? undefined
      : {
          level: 'fail',
          said: `The port is left over: ${life.reason}.`,
          evidence: [
            `ovs-vsctl get Interface ${where.interface.name} ofport: ${String(where.interface.ofport ?? '[]')}, on ${where.bridge.name}`,
          ],
          fix:
            where.bridge.name === INTEGRATION_BRIDGE
              ? typed('ovsd gc')
              : recipe(`ovsd gc --bridge=${where.bridge.name}`, (host) => collectGarbage(host, where.bridge.name)),
        },
}

export const linkGone: Judge = {
  id: 'port.link-gone',
  title: 'the link of each port is there',
  about:
    'Somebody deleted the pair of links between container and bridge, or moved the end of the host into another network namespace. Open vSwitch keeps the row and says nothing. The interface has to be attached again.',
  find: (port) =>
    port.link !== undefined
      ? undefined
      : {
          level: 'fail',
          said: 'The link of the port is gone: the container is connected to nothing.',
          evidence: [`ip link show dev ${port.where.interface.name}: does not exist`],
          fix: typed(...attachLine(port)),
        },
}
