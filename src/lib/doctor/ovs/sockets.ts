import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { notHere, ok, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

const OTHERS_WRITE = 0o002
/** In a folder like /tmp nobody takes away what another one has made. */
const STICKY = 0o1000

export const sockets: Check = {
  id: 'ovs.sockets',
  title: 'only root reaches the database and the driver',
  about:
    'Who can write to the socket of ovsdb-server changes every bridge, and who can write to that of the driver has ovsd do it. Folder and socket belong to root (or to the group of Open vSwitch), and nobody else may write there.',
  needs: [],
  run: ({ host, own }) => {
    const path = /^unix:(.*)$/.exec(host.database.text)?.[1]
    const places = [...(path === undefined ? [] : [path]), own.socket].flatMap((one) => [dirname(one), one])
    const found = places.flatMap((one) => {
      const mode = modeOf(one)
      return mode === undefined ? [] : [{ place: one, mode }]
    })
    if (found.length === 0) return Promise.resolve(notHere('no socket is there'))
    const open = found.filter(({ mode }) => (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0)
    if (open.length === 0)
      return Promise.resolve(ok(found.map(({ place, mode }) => `${place} ${mode.toString(8)}`).join(', ')))
    return Promise.resolve(
      open.map(({ place, mode }): Trouble => ({
        ...{
          level: 'fail',
          subject: place,
          said: `Every user of this host may write to ${place}, and so change its network.`,
        },
        evidence: [`stat --format=%a ${place}: ${mode.toString(8)}`],
        fix: typed(`chmod o-w ${place}`),
      })),
    )
  },
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o7777
  } catch {
    return undefined
  }
}
