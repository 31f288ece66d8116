import type { Attachment } from '../attach/attachment.ts'
import { targetOf } from '../attach/target.ts'
import type { Container } from '../docker/container.ts'
import { procNet } from '../net/proc-net.ts'
import { attachmentFor } from '../plan/attach-port.ts'
import { netnsInode } from '../system/netns.ts'
import type { Desired } from './desired.ts'
import { inPlace } from './in-place.ts'
import type { OwnPort } from './own-ports.ts'

/** What was in place for a container when all of it was: enough to see, without asking the engine, that it still is. */
export interface Known {
  readonly pid: number
  readonly netnsPath: string
  /** Inode of its network namespace: another one means another life. */
  readonly inode: number | undefined
  readonly attachments: readonly Attachment[]
}

/** What is known of a container of which nothing is missing. */
export function knownOf(container: Container, desired: readonly Desired[]): Known {
  const target = targetOf(container)
  const requests = desired.flatMap(({ request }) => request ?? [])
  return {
    pid: container.pid,
    netnsPath: target.netnsPath,
    inode: netnsInode(target.netnsPath),
    attachments: requests.map((request) => attachmentFor(request, target)),
  }
}

/** Whether everything is as it was left. Starts no process, and asks nobody. */
export function isAsKnown({ pid, netnsPath, inode, attachments }: Known, own: readonly OwnPort[]): boolean {
  if (inode === undefined || netnsInode(netnsPath) !== inode || own.length !== attachments.length) return false
  if (attachments.length === 0) return true
  const inside = procNet(pid)
  return attachments.every((wanted) =>
    inPlace(wanted, own.find(({ marks }) => marks.iface === wanted.iface)?.where, inside),
  )
}
