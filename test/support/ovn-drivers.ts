// Two hosts with a driver and a real engine each, and a central on the first one, for suites about Docker's networks on OVN.
import { strict as assert } from 'node:assert'
import { comesTrue, northboundDump } from './ovn.ts'
import { underlay, type FarSite, type Site } from './underlay.ts'
import { pluginOn, type SiteWatcher } from './watch-on.ts'

export interface OvnDrivers extends AsyncDisposable {
  readonly near: Site
  readonly far: FarSite
  readonly sites: readonly Site[]
  /** By host, as `sites`. A test may put another one in the place of one that it has ended. */
  readonly drivers: SiteWatcher[]
  /** What the northbound database has without a network. */
  readonly empty: string
  /** Takes all containers and networks of the driver away; throws when something of them is left in the northbound database. */
  clear(): Promise<void>
}

/** Makes them; `words` are for `ovn bootstrap` and `ovn join`. At the end both hosts have left their central, which goes with its data. */
export async function ovnDrivers(...words: readonly string[]): Promise<OvnDrivers> {
  const net = await underlay(1, { services: 'docker' })
  const { near, sites } = net
  const far = net.far[0] ?? assert.fail()
  await near.ok('ovn', 'bootstrap', '--central=local', `--listen=${near.address}`, '--insecure', ...words)
  await far.ok('ovn', 'join', `tcp:${near.address}`, '--insecure', ...words)
  const empty = await northboundDump(near)
  const drivers = await Promise.all(sites.map((site) => pluginOn(site)))
  return {
    ...{ near, far, sites, drivers, empty },
    async clear() {
      for (const site of sites) {
        await site.run('sh', '-c', 'docker ps --all --quiet | xargs -r docker rm --force')
        await site.run('sh', '-c', 'docker network ls --quiet --filter=driver=ovsd | xargs -r docker network rm')
      }
      await comesTrue(async () => (await northboundDump(near)) === empty, 'nothing is left in the northbound database')
    },
    async [Symbol.asyncDispose]() {
      for (const driver of drivers) await driver[Symbol.asyncDispose]()
      for (const site of [far, near]) await site.ok('ovn', 'leave')
      await near.ok('ovn', 'teardown', '--delete-data')
      await net[Symbol.asyncDispose]()
    },
  }
}
