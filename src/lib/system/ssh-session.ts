import { readFileSync } from 'node:fs'

/** Addresses of the two ends of an ssh session. */
export interface SshSession {
  readonly client: string
  readonly server: string
}

/** More generations than any session has between its shell and us. */
const MOST = 64

/**
 * The ssh session that this process was started from, if it was. sudo and others take SSH_CONNECTION away, so the
 * environments of the parents are asked as well, nearest first; those of other users only root may read.
 */
export function sshSession(env: NodeJS.ProcessEnv = process.env, pid = process.ppid): SshSession | undefined {
  const own = parse(env['SSH_CONNECTION'])
  if (own !== undefined) return own
  let parent: number | undefined = pid
  for (let i = 0; i < MOST && parent !== undefined && parent > 0; i++) {
    const found = parse(/(?:^|\0)SSH_CONNECTION=([^\0]*)/.exec(read(parent, 'environ'))?.[1])
    if (found !== undefined) return found
    const next: string | undefined = /^PPid:\s*(\d+)$/m.exec(read(parent, 'status'))?.[1]
    parent = next === undefined ? undefined : Number(next)
  }
  return undefined
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** `CLIENT PORT SERVER PORT` (ssh(1)); link-local addresses come with their interface. */
function parse(text: string | undefined): SshSession | undefined {
  const [client, , server] = (text ?? '').split(' ')
  if (client === undefined || client === '' || server === undefined) return undefined
  return { client: bare(client), server: bare(server) }
}

const bare = (address: string): string => address.replace(/%.*/, '').replace(/^::ffff:(?=\d+\.)/i, '')
