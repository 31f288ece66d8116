// A host that is not there: a Docker engine and an Open vSwitch database on sockets in a temporary folder, and tools that
// do nothing. With it the build runs whole commands (warm-up.ts) without a privilege and without touching the machine.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageSplitter } from '../../src/lib/ovsdb/message-splitter.ts'
import { TOOLS_ON_PATH } from '../../src/lib/system/command.ts'

export interface PretendHost extends AsyncDisposable {
  /** What a command needs in its environment to find this host and nothing else. */
  readonly env: Readonly<Record<string, string>>
  readonly container: string
}

const ID = 'c0ffee'.padEnd(64, '0')

export async function pretendHost(): Promise<PretendHost> {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-build-'))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  // Every tool that the program may start is here, so no real one is ever found before it.
  for (const tool of TOOLS_ON_PATH) {
    writeFileSync(join(bin, tool), '#!/bin/sh\ncase " $* " in *" -json "*) echo "[]" ;; esac\n')
    chmodSync(join(bin, tool), 0o755)
  }
  const servers = [
    await listen(join(folder, 'docker.sock'), (socket) => {
      socket.on('data', (request: string) => socket.end(dockerAnswer(request)))
    }),
    await listen(join(folder, 'db.sock'), (socket) => {
      const splitter = new MessageSplitter()
      socket.on('data', (chunk: string) => {
        for (const request of splitter.push(chunk)) socket.write(databaseAnswer(request))
      })
    }),
  ]
  return {
    container: ID,
    env: {
      PATH: bin,
      HOME: folder,
      TMPDIR: folder,
      OVSD_DOCKER: `unix://${join(folder, 'docker.sock')}`,
      OVSD_DB: `unix:${join(folder, 'db.sock')}`,
      OVS_RUNDIR: folder,
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(async (server) => server[Symbol.asyncDispose]()))
      rmSync(folder, { recursive: true })
    },
  }
}

async function listen(path: string, serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.setEncoding('utf8')
    socket.on('error', () => socket.destroy())
    serve(socket)
  })
  const { promise, resolve } = Promise.withResolvers<undefined>()
  server.listen(path, () => {
    resolve(undefined)
  })
  await promise
  return server
}

/** One container, whatever is asked for. Its network is the host's own, so it cannot be attached: --netns is for that. */
function dockerAnswer(request: string): string {
  const inspected = {
    Id: ID,
    Name: '/web',
    State: { Pid: process.pid, Running: true, StartedAt: '2026-01-01T00:00:00.000000000Z' },
    HostConfig: { NetworkMode: 'none' },
  }
  const body = request.startsWith('GET /containers/json') ? [{ Id: ID, Names: ['/web'], State: 'running' }] : inspected
  return `HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}`
}

interface Select {
  readonly table: string
  readonly where?: readonly (readonly [string, string, unknown])[]
}

const reference = (table: string): readonly [string, string] => [
  'uuid',
  `00000000-0000-4000-8000-${table.padEnd(12, '0')}`,
]

/** An Open vSwitch database in which every bridge and interface asked for by name exists and works. */
function databaseAnswer(request: string): string {
  const { id, params } = JSON.parse(request) as { id: unknown; params: readonly [string, ...Select[]] }
  const [, ...selects] = params
  return JSON.stringify({ id, error: null, result: selects.map((select) => ({ rows: rowsFor(select) })) })
}

function rowsFor({ table, where = [] }: Select): readonly object[] {
  const [column, , value] = where[0] ?? ['name', '==', 'br0']
  if (column !== 'name' && where.length > 0) return []
  const common = { _uuid: reference(table), name: value }
  switch (table) {
    case 'Bridge':
      return [{ ...common, datapath_type: 'system', fail_mode: ['set', []], ports: reference('Port') }]
    case 'Port':
      return [{ ...common, tag: 10, trunks: ['set', []], vlan_mode: ['set', []], interfaces: reference('Interface') }]
    default:
      return [
        {
          ...common,
          external_ids: [
            'map',
            [
              ['container_id', ID],
              ['container_iface', 'eth1'],
            ],
          ],
          ofport: 1,
          error: ['set', []],
        },
      ]
  }
}
