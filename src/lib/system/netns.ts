import { closeSync, fstatSync, openSync, statSync } from 'node:fs'
import { Refused } from '../errors.ts'

/** An open network namespace. The descriptor keeps it alive and keeps meaning the same namespace. */
export interface Netns extends Disposable {
  readonly fd: number
  /** Inode of the namespace: two processes share a network exactly when theirs are equal (namespaces(7)). */
  readonly inode: number
  /** Path for people, e.g. /proc/4711/ns/net. */
  readonly path: string
}

const OWN = '/proc/self/ns/net'
/** Device number of the kernel's nsfs: tells a namespace file from any other file. */
const nsfs = (): number => (nsfsDevice ??= statSync(OWN).dev)
let nsfsDevice: number | undefined

/** The inode behind a namespace path, or undefined if there is no such namespace now. Opens nothing. */
export function netnsInode(path: string): number | undefined {
  try {
    const found = statSync(path)
    return found.dev === nsfs() ? found.ino : undefined
  } catch {
    // No such path; or the process is there no more than as a name in the list (ESRCH, EACCES of a zombie).
    return undefined
  }
}

/**
 * Opens the network namespace at `path` (/proc/PID/ns/net or a bind mount such as /run/netns/NAME).
 * Errors: NamespaceMissing (nothing there, or not a namespace), HostNetwork (it is ovsd's own: an interface made
 * there would land on the host).
 */
export function openNetns(path: string, whose: string): Netns {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    throw new Refused('NamespaceMissing', `The network namespace of ${whose} cannot be opened (${path}).`, {
      cause: error,
      next: 'Check that it still runs, and try again.',
    })
  }
  const { dev, ino } = fstatSync(fd)
  const close = (): void => {
    closeSync(fd)
  }
  if (dev !== nsfs()) {
    close()
    throw new Refused('NamespaceMissing', `${path} is not a network namespace.`, {
      next: 'Give a path such as /run/netns/NAME or /proc/PID/ns/net.',
    })
  }
  if (ino === statSync(OWN).ino) {
    close()
    throw new Refused('HostNetwork', `${whose} uses the network of the host itself; there is nothing to attach.`, {
      next: 'Choose one that has a network of its own.',
    })
  }
  let open = true
  return {
    fd,
    inode: ino,
    path,
    [Symbol.dispose]() {
      if (open) close()
      open = false
    },
  }
}
