import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ok, orOk, type Check, type Trouble } from '../check.ts'
import { runs } from '../fixes.ts'

/** Where `ip netns` has its names (ip-netns(8)). */
const FOLDER = '/run/netns'

export const netnsLinks: Check = {
  id: 'host.netns-links',
  title: 'no name in /run/netns leads nowhere',
  about:
    'ovs-docker and its like make links named after process ids in /var/run/netns. One whose process is gone leads nowhere; when the number is given out again, it leads into the namespace of somebody else. Nothing uses what leads nowhere, so it can be removed.',
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
        evidence: [`${path} -> ${readlinkSync(path)}`],
        fix: runs('netns-link.remove', `the link ${path}`, { tool: 'rm', args: ['-f', path] }),
      },
    ]
  })
  return orOk(troubles, `${String(names.length)} in ${folder}`)
}

function isDangling(path: string): boolean {
  if (!lstatSync(path).isSymbolicLink()) return false
  try {
    statSync(path)
    return false
  } catch {
    return true
  }
}
