import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TOOLS_ON_PATH } from '../../src/lib/system/command.ts'
import { socketServer, temporaryFolder } from './socket-server.ts'

/** A database and an engine that only count who comes, and tools that only note that they were started. */
export interface UntouchedHost extends AsyncDisposable {
  /** Options that lead a command there. */
  readonly options: readonly string[]
  /** The environment that has these tools, and no others before the system's own. */
  readonly env: Readonly<Record<string, string>>
  /** What was touched so far. */
  touched(): readonly string[]
}

export async function untouchedHost(): Promise<UntouchedHost> {
  const folder = temporaryFolder()
  const [db, docker] = await Promise.all([
    socketServer((socket) => socket.end()),
    socketServer((socket) => socket.end()),
  ])
  const note = (tool: string) => join(folder.path, `${tool}.started`)
  for (const tool of TOOLS_ON_PATH)
    writeFileSync(join(folder.path, tool), `#!/bin/sh\n: >${note(tool)}\n`, { mode: 0o755 })
  return {
    options: [`--db=unix:${db.path}`, `--docker=unix://${docker.path}`],
    env: { PATH: folder.path },
    touched: () => [
      ...(db.connections.length > 0 ? ['the database'] : []),
      ...(docker.connections.length > 0 ? ['the engine'] : []),
      ...TOOLS_ON_PATH.filter((tool) => existsSync(note(tool))),
    ],
    async [Symbol.asyncDispose]() {
      await Promise.all([db[Symbol.asyncDispose](), docker[Symbol.asyncDispose]()])
      folder[Symbol.dispose]()
    },
  }
}
