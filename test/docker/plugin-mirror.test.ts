// Mirrors that networks of Docker ask for: they follow their containers, without a look at all networks.
import { strict as assert } from 'node:assert'
import { netnsOf } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { ECHO, mirrorsSeen } from '../support/mirrors.ts'
import { snapshot } from '../support/snapshot.ts'
import { sniffer } from '../support/sniffer.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin } from '../support/watch.ts'

const state = (): string => `${mirrorsSeen()[0]?.state ?? 'none'} ${mirrorsSeen()[0]?.reason ?? ''}`.trim()

function run(name: string, network: string): Disposable {
  const args = ['--detach', `--name=${name}`, `--network=${network}`, 'busybox', '/bin/busybox', 'sleep', '100000']
  tool('docker', 'run', ...args)
  return { [Symbol.dispose]: () => void tool('docker', 'rm', '--force', name) }
}

/** Who is copied to mon while web asks db. */
async function copied(): Promise<readonly string[]> {
  const capture = await sniffer('eth0', ECHO, netnsOf('mon'))
  answers('web', '10.9.0.3')
  const macs = (await capture.stop()).map((line) => /^\S+ ([0-9a-f:]+) >/.exec(line)?.[1] ?? line)
  const names = new Map(['web', 'db'].map((name) => [insideSeen(netnsOf(name)).get('eth0')?.mac ?? '', name]))
  return [...new Set(macs.map((mac) => names.get(mac) ?? mac))].sort()
}

describe('mirrors of networks of Docker', function () {
  this.timeout(90_000)
  // A mirror is there before the container that it is for.
  holdsThroughout(() => undefined, /mirror \S+ does not specify output; ignoring/)

  for (const mirrored of ['all', 'web'])
    it(`of ${mirrored}: are made when containers are there, and follow those that are started again`, async () => {
      const before = snapshot()
      {
        await using driver = await plugin()
        const words = ['--opt=mode=l2', `--opt=mirror.ports=${mirrored}`, '--opt=mirror.dest=mon']
        tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', ...words, 'blue')
        {
          using _web = run('web', 'blue')
          using _db = run('db', 'blue')
          assert.match(state(), /^waiting waits for mon/)
          using _mon = run('mon', 'blue')
          await until(() => state() === 'ok', 'the mirror', 8)
          assert.deepEqual(await copied(), ['db', 'web'])
          for (const one of ['mon', 'web']) {
            const from = driver.lines.length
            tool('docker', 'restart', '--time=0', one)
            const since = performance.now()
            await until(() => state() === 'ok', `the mirror to follow ${one}`, 8)
            console.log(`      ${one} was started again: ${String(Math.round(performance.now() - since))} ms`)
            assert.deepEqual(await copied(), ['db', 'web'], one)
            assert.deepEqual(driver.all('upkeep.failed', from), [])
          }
        }
        tool('docker', 'network', 'rm', 'blue')
      }
      assert.deepEqual(snapshot(), before)
    })
})
