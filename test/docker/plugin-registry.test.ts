// ovsd as a plugin that comes from a registry: what READMEs of other drivers have people type to install, upgrade and remove theirs,
// with the name changed.
import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { root } from '../../scripts/build/layout.ts'
import type { PluginState } from '../../src/lib/plugin/state.ts'
import { refusedLine, sh } from '../support/docker-cli.ts'
import { driverHolds } from '../support/driver-holds.ts'
import { json, ovsd } from '../support/ovsd.ts'
import { pinging } from '../support/pinging.ts'
import { registry, type Registry } from '../support/registry.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'

const FOLDER = '/run/ovsd-plugin'
const SLEEP = '--stop-timeout 0 busybox /bin/busybox sleep 100000'

/** Has a shell do that beside this process, which has to read what traffic says meanwhile. */
const beside = async (line: string): Promise<string> => (await execa('sh', ['-ec', line])).stdout

describe('ovsd as a plugin from a registry', function () {
  this.timeout(120_000)
  let untouched: ReturnType<typeof snapshot>
  let from: Registry
  let plugin: string
  const id = (): string => sh(`docker plugin inspect --format '{{.Id}}' ${plugin}`)
  const folderOf = (path: string): string => `/var/lib/docker/plugins/${id()}/${path}`
  const shown = (): string => sh(`docker plugin ls --format '{{.Name}} {{.Description}} {{.Enabled}}'`)
  const knows = (): Pick<PluginState, 'networks' | 'endpoints'> => {
    const { networks, endpoints } = json('plugin', 'state') as PluginState
    return { networks, endpoints }
  }
  /** What `npm run plugin:build -- --name NAME` does, and the pushing; it is in the registry alone then. */
  const pushed = (name: string): void => {
    sh(`docker plugin create ${name} ${FOLDER} && docker plugin push ${name} && docker plugin rm ${name}`)
  }
  before(async () => {
    untouched = snapshot()
    from = await registry()
    plugin = `${from.name}/ovsd`
    tool(process.execPath, join(root, 'scripts/plugin-build.ts'), `--folder=${FOLDER}`, '--no-create')
    pushed(plugin)
  })
  after(async () => {
    // In this order: an engine whose plugin is gone waits long for what it asks it about containers.
    const left = 'docker ps -aq | xargs -r docker rm -f; docker network prune -f; docker plugin rm -f'
    await execa('sh', ['-c', `${left} ${plugin}`], { reject: false })
    await from[Symbol.asyncDispose]()
    rmSync(FOLDER, { recursive: true, force: true })
  })
  afterEach(() => {
    assert.equal(sh('docker plugin ls --quiet'), '')
    assert.deepEqual(snapshot(), untouched)
  })

  it('docker-ovn-driver: installed and not enabled, set, enabled, used and uninstalled', async () => {
    sh(`docker plugin install ${plugin} --disable --grant-all-permissions`)
    assert.match(shown(), /^localhost:5000\/ovsd:latest Open vSwitch networks, .* false$/)
    sh(`docker plugin set ${plugin} DEBUG=1`)
    sh(`docker plugin enable ${plugin}`)
    assert.match(shown(), /true$/)
    sh(
      `docker network create -d ${plugin}:latest --subnet=10.10.10.0/23 --gateway=10.10.10.1 --ip-range 10.10.10.32/27 --opt vrf=default public`,
    )
    sh(`docker run -d -t --net=public --name=box1 ${SLEEP}`)
    sh('docker exec box1 /bin/busybox ping -c 1 10.10.10.1')
    driverHolds()
    const name = `plugin=${id()}`
    const log = readFileSync('/var/log/docker.log', 'utf8').split('\n')
    assert.ok(log.some((line) => line.includes(name) && line.includes('debug NetworkDriver.Join ')))
    assert.match(await refusedLine(`docker plugin disable ${plugin}`), /is in use/)
    sh('docker rm -f box1')
    sh('docker network rm public')
    sh(`docker plugin disable ${plugin}`)
    sh(`docker plugin rm ${plugin}`)
  })

  it('ovs-container-network: upgraded while containers go on, which lose no packet; what it knows is kept', async () => {
    sh(`docker plugin install ${plugin}:latest --grant-all-permissions`)
    sh(`docker network create --driver ${plugin}:latest --subnet 10.0.0.0/24 production-net`)
    for (const name of ['web1', 'web2']) sh(`docker run -d --name ${name} --network production-net ${SLEEP}`)
    sh('docker exec web1 /bin/busybox ping -c 2 web2')
    const config = readFileSync(join(FOLDER, 'config.json'), 'utf8')
    writeFileSync(join(FOLDER, 'config.json'), config.replace('Open vSwitch networks', 'Newer networks'))
    // Docker 20.10 makes no second plugin of the same rootfs.
    writeFileSync(join(FOLDER, 'rootfs/newer'), '')
    pushed(`${plugin}:newer`)
    await from.release('ovsd', 'newer', 'latest')

    const before = { id: id(), knows: knows() }
    await using traffic = await pinging('web1', '10.0.0.3')
    // The README says neither --force, which a plugin that is in use needs, nor what keeps `upgrade` from asking.
    assert.match(await refusedLine(`docker plugin disable ${plugin}:latest`), /is in use/)
    assert.match(await refusedLine(`docker plugin upgrade ${plugin}:latest`), /must be disabled before upgrading/)
    await beside(`docker plugin disable --force ${plugin}:latest`)
    await beside(`docker plugin upgrade --grant-all-permissions ${plugin}:latest`)
    await beside(`docker plugin enable ${plugin}:latest`)
    assert.match(shown(), /^localhost:5000\/ovsd:latest Newer networks, .* true$/)
    assert.deepEqual({ id: id(), knows: knows() }, before)
    await beside('docker exec web1 /bin/busybox ping -c 2 web2')
    await beside(`docker run -d --name web3 --network production-net ${SLEEP}`)
    await beside('docker exec web3 /bin/busybox ping -c 2 web1')
    const { sent, lost } = await traffic.stop()
    assert.ok(sent > 100 && lost === 0, `${String(lost)} of ${String(sent)} lost`)
    driverHolds()
    assert.equal(sh('find /var/lib/docker/plugins -name "*.json" -path "*/networks/*" | wc -l'), '1')
    // There is no such command of Docker's: what plugins say is in the log of dockerd.
    assert.match(await refusedLine(`docker plugin logs ${plugin}:latest`), /plugin/)
    sh('docker rm -f web1 web2 web3')
    sh('docker network rm production-net')
    sh(`docker plugin disable ${plugin}`)
    sh(`docker plugin rm ${plugin}`)
  })

  it('ovs-container-network: installed with settings', () => {
    sh(`docker plugin install ${plugin}:latest \\
      --grant-all-permissions \\
      PLUGIN_DATA_DIR=/custom/data \\
      PLUGIN_LOG_LEVEL=debug \\
      PLUGIN_RECOVERY_MODE=strict`)
    const network = sh(`docker network create --driver ${plugin}:latest --subnet 10.0.0.0/24 my-network`)
    assert.deepEqual(readdirSync(folderOf('rootfs/custom/data/networks')), [`${network}.json`])
    assert.equal(ovsd(['plugin', 'state']).status, 0)
    sh('docker network rm my-network')
    sh(`docker plugin disable ${plugin}`)
    sh(`docker plugin rm ${plugin}`)
  })
})
