import type { Host } from '../../host.ts'
import type { Command } from '../../system/command.ts'

/** docker(1) may have to copy an image, or to end a container. */
const LIMIT_MS = 60_000

/**
 * A command of docker(1) for the engine that this host looks at. It is always named: a context that somebody chose in
 * the files of docker(1) (`docker context use`) would lead to another one otherwise.
 */
export const dockerCommand = (host: Host, args: readonly string[], timeoutMs = LIMIT_MS): Command => ({
  tool: 'docker',
  args: ['--host', host.docker.where, ...args],
  timeoutMs,
})
