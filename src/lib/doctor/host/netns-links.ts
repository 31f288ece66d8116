import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ok, orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

/** Where `ip netns` has its names (ip-netns(8)). */
const FOLDER = '/run/netns'

export const netnsLinks: Check = {
  id: 'host.netns-links',
  title: 'no name in /run/netns leads nowhere',
  about:
    'ovs-docker and its like make links named after process ids in /var/run/netns. One whose process is gone leads nowhere; when the number is given out again, it leads into the namespace of somebody else. Nothing uses what leads nowhere; but ovsd has not made them, so --fix leaves them.',
  needs: [],
  run: () => Promise.resolve(look(FOLDER)),
}

function look(folder: string): ReturnType<typeof orOk> {
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch {
    return ok(`there is no ${folder}`)
  }
  const troubles = names.flatMap((name): Trouble[] => {
    const path = join(folder, name)
    if (!isDangling(path)) return []
    return [
      {
        ...{ level: 'warn', subject: path, said: `The link ${path} leads to a process that is gone.` },
        evidence: [`readlink ${path}: ${readlinkSync(path)}`],
        // Others make them, and processes of another PID namespace cannot be seen from here.
        fix: typed(`rm ${path}`),
      },
    ]
  })
  return orOk(troubles, `${String(names.length)} in ${folder}`)
}

/** Whether it leads to the namespace of a process that is not there. What cannot be looked at may be there. */
function isDangling(path: string): boolean {
  try {
    if (!lstatSync(path).isSymbolicLink() || !/^\/proc\/\d+\/ns\/net$/.test(readlinkSync(path))) return false
    statSync(path)
    return false
  } catch (error) {
    return ['ENOENT', 'ESRCH'].includes((error as { readonly code?: string }).code ?? '') && isLink(path)
  }
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
