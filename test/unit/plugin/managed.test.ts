// What Docker is told about the managed plugin, against what the driver is.
import { strict as assert } from 'node:assert'
import { INTERFACES, pluginConfig } from '../../../scripts/plugin/config.ts'
import { packageJson } from '../../../scripts/build/manifest.ts'
import { Driver, type DriverOptions } from '../../../src/lib/plugin/driver.ts'
import type { Host } from '../../../src/lib/host.ts'
import { Ipam } from '../../../src/lib/plugin/ipam/ipam.ts'
import { Pools } from '../../../src/lib/plugin/ipam/pools.ts'
import { pluginLogLevel } from '../../../src/lib/plugin/log-level.ts'
import { methodsOf } from '../../../src/lib/plugin/methods.ts'
import { SOCKET } from '../../../src/lib/plugin/socket.ts'
import { stateSettings } from '../../../src/lib/state/settings.ts'

interface Config {
  readonly interface: { readonly types: readonly string[]; readonly socket: string }
  readonly env: readonly { readonly name: string; readonly value: string; readonly settable: readonly string[] }[]
}

describe('config.json of the managed plugin', () => {
  const config = JSON.parse(pluginConfig(packageJson.version)) as Config

  it('says what Plugin.Activate says', async () => {
    // It is asked before there is anything to drive.
    const activate = methodsOf(new Driver({} as DriverOptions), new Ipam({} as Host, new Pools())).get(
      'Plugin.Activate',
    )
    const answer = (await activate?.answer({}, new AbortController().signal)) as {
      readonly Implements: readonly string[]
    }
    const types = answer.Implements.map((one) => `docker.${one.toLowerCase()}/1.0`)
    assert.deepEqual([...INTERFACES], types)
    assert.deepEqual(config.interface.types, types)
    assert.ok(SOCKET.endsWith(`/${config.interface.socket}`))
  })

  it('has settings that the driver takes as they are, and that can be set', () => {
    const env = Object.fromEntries(config.env.map(({ name, value }) => [name, value]))
    assert.deepEqual(stateSettings(undefined, env), { folder: '/data', recovery: 'lenient', backup: true })
    assert.equal(pluginLogLevel(undefined, env), 'info')
    assert.equal(pluginLogLevel(undefined, { ...env, DEBUG: '1' }), 'debug')
    for (const { settable } of config.env) assert.deepEqual(settable, ['value'])
  })
})
