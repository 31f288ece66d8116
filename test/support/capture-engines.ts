// Records what Docker and podman send to who follows their events, in a private host:
// node lab/run.ts -- node test/support/capture-engines.ts
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { EVENT_FILTERS } from '../../src/lib/docker/event.ts'
import { podman } from './podman.ts'
import { tool } from './tool.ts'

const folder = new URL('../captured/', import.meta.url)

function save(name: string, content: string | Buffer): void {
  const file = new URL(name, folder)
  mkdirSync(dirname(file.pathname), { recursive: true })
  writeFileSync(file, content)
}

/** What happens to a container, one thing after the other. */
type Life = readonly (() => unknown)[]

async function record(name: string, path: string, life: Life): Promise<void> {
  const socket = connect(path)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(
    `GET /events?filters=${encodeURIComponent(EVENT_FILTERS)} HTTP/1.0\r\nHost: docker\r\nUser-Agent: ovsd\r\n\r\n`,
  )
  while (chunks.length === 0) await pause(10)
  for (const turn of life) turn()
  // podman looks for news four times a second.
  await pause(1000)
  socket.destroy()
  save(`${name}/events.http`, Buffer.concat(chunks))
}

await record('docker', '/run/docker.sock', [
  () => tool('docker', 'run', '--detach', '--name=web', '--network=none', '--label=id=x', 'busybox'),
  () => tool('docker', 'rename', 'web', 'web2'),
  () => tool('docker', 'restart', '--time=0', 'web2'),
  () => tool('docker', 'rm', '--force', 'web2'),
])
await using engine = podman()
await engine.start()
await record('podman', engine.socket, [
  () => engine.container('--label=id=x'),
  () => engine.podman('rename', engine.podman('ps', '--format={{.Names}}'), 'web2'),
  () => engine.podman('restart', '--time=0', 'web2'),
  () => engine.podman('rm', '--force', '--time=0', 'web2'),
])
save('podman/README', `What ${engine.podman('--version')} sends over its Docker-compatible socket, byte for byte.\n`)
