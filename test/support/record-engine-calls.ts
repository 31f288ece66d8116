// Records what a real engine says to the driver while ACTS are done, for engine-calls/. On this machine:
//   npm exec -c 'node scripts/build.ts && node lab/run.ts -- node test/support/record-engine-calls.ts'
// and on the engine of another Debian (docs/matrix.md):
//   npm run test:matrix -- --row=sid --record
// Docker finds a socket that passes on each call to the driver, and its answer back. The driver itself sees no engine, so that
// all calls are there for what is done, and none for its own questions.
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import { BEHIND, driverProxy, type Exchange } from './driver-proxy.ts'
import { ACTS, type Act } from './engine-scenes.ts'
import { keepStory, type EngineCall, type Fields, type Scene } from './engine-stories.ts'
import { snapshot } from './snapshot.ts'
import { tool } from './tool.ts'
import { plugin } from './watch.ts'

/** How long nothing must have been called until a thing is over, in ms: the engine ends sandboxes in its own time. */
const QUIET_MS = 1000

/** Calls of which a later one repeats the answer. */
const REPEATED = ['IpamDriver.RequestPool']

function callOf({ method, asked, status, answer }: Exchange): EngineCall {
  if (status !== 200) throw new Error(`${method} ${asked} was answered with ${String(status)}: ${answer}`)
  const body = asked.trim() === '' ? null : (JSON.parse(asked) as Fields)
  return { method, body, ...(REPEATED.includes(method) && { answer: JSON.parse(answer) as Fields }) }
}

/** Without a question that was asked for the same thing before: how often it is asked is a matter of time. */
const withoutRepeated = (calls: readonly EngineCall[]): readonly EngineCall[] =>
  calls.filter(
    (call, i) =>
      !call.method.endsWith('.EndpointOperInfo') ||
      calls.findIndex((other) => JSON.stringify(other) === JSON.stringify(call)) === i,
  )

await using proxy = await driverProxy()
await using driver = await plugin([`--socket=${BEHIND}`], { DOCKER_HOST: 'unix:///run/no-engine.sock' })

async function recorded({ does, act }: Act): Promise<Scene> {
  const first = proxy.exchanges.length
  if (act === undefined) await execa('sh', ['-ec', does])
  else await act()
  let last
  do {
    last = proxy.exchanges.length
    await pause(QUIET_MS)
  } while (proxy.exchanges.length > last)
  const calls = withoutRepeated(proxy.exchanges.slice(first).map(callOf))
  console.log(`${String(calls.length).padStart(3)} ${does}`)
  return { does, calls }
}

const version = (what: string): string => tool('docker', 'version', `--format={{.Server.${what}}}`).trim()
const [engine, api] = [version('Version'), version('APIVersion')]
const compose = tool('docker-compose', 'version', '--short').trim()
const before = JSON.stringify(snapshot())
const scenes: Scene[] = []
for (const act of ACTS) if (Number(api) >= (act.since ?? 0)) scenes.push(await recorded(act))
if (JSON.stringify(snapshot()) !== before) throw new Error('the host is not as it was')
if (driver.all({ level: 'error' }).length > 0) throw new Error(JSON.stringify(driver.all({ level: 'error' })))
const from = `Recorded by record-engine-calls.ts: Docker ${engine} of ${debian()}, API ${api}, Compose ${compose}.`
console.log(keepStory({ engine, isRecorded: true, from, scenes }))

/** Which Debian this is. */
function debian(): string {
  return /PRETTY_NAME="(.*)"/.exec(tool('cat', '/etc/os-release'))?.[1] ?? 'no Debian'
}
