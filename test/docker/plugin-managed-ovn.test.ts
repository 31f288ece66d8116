// Networks on OVN with the plugin that Docker manages: it makes their central, too, as the driver beside the engine does.
import { strict as assert } from 'node:assert'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { here } from '../../lab/host.ts'
import { root } from '../../scripts/build/layout.ts'
import { baseHere } from '../../src/lib/ovn/container/base.ts'
import { DEFAULT_IMAGE } from '../../src/lib/ovn/container/names.ts'
import { driverHolds } from '../support/driver-holds.ts'
import { hostLink } from '../support/host-link.ts'
import { comesTrue, OVN_CTL } from '../support/ovn.ts'
import { ovnBase, type TestImage } from '../support/ovn-image.ts'
import { json, ok } from '../support/ovsd.ts'
import { echoes, placeOn, type Place } from '../support/place.ts'
import { tool } from '../support/tool.ts'

const FOLDER = '/run/ovsd-plugin'
const docker = (...args: string[]): string => tool('docker', ...args).trim()
const CONNECTIONS = ['nb', 'sb'].map((side, i) => `--opt=ovn.${side}_connection=tcp:172.30.0.5:664${String(i + 1)}`)
const AUTO = [...CONNECTIONS, '--opt=ovn.auto_create=true', '--opt=ovn.encap_ip=192.0.2.7']
const create = (name: string, ...options: string[]): string[] => [
  ...['network', 'create', '--driver=ovsd:latest', '--ipam-driver=ovsd:latest', '--subnet=10.0.0.0/24'],
  ...[`--opt=ovn.switch=ls-${name}`, ...options, name],
]

describe('networks on OVN of a plugin that Docker manages', function () {
  this.timeout(300_000)
  let link: Disposable
  let base: TestImage
  before(async () => {
    assert.ok(existsSync(join(root, 'dist/ovsd')), 'what is packed is the executable: npm run build')
    link = hostLink()
    base = ovnBase()
    // What the image is built on comes from a registry elsewhere.
    docker('tag', base.name, baseHere())
    await execa(process.execPath, [join(root, 'scripts/plugin-build.ts'), `--folder=${FOLDER}`])
    docker('plugin', 'enable', 'ovsd')
  })
  after(async () => {
    await execa('docker', ['plugin', 'rm', '--force', 'ovsd'], { reject: false })
    rmSync(FOLDER, { recursive: true, force: true })
    docker('image', 'rm', baseHere())
    base[Symbol.dispose]()
    link[Symbol.dispose]()
  })

  it('ovn-controller, which it cannot start, is asked for', async () => {
    const { exitCode, stderr } = await execa('docker', create('blue', ...AUTO), { reject: false })
    assert.notEqual(exitCode, 0)
    assert.match(stderr, /ovn-controller, which this host needs for OVN, does not run.*systemctl start ovn-controller/s)
    assert.equal(docker('network', 'ls', '--quiet', '--filter=driver=ovsd:latest'), '')
    assert.equal(tool('ovs-vsctl', 'list-br'), '')
  })

  it('builds the image of central, makes it, and containers reach each other; also after both were stopped', async () => {
    tool('ovs-vsctl', 'set', 'open_vswitch', '.', 'external_ids:ovn-bridge-datapath-type=netdev')
    tool(OVN_CTL, 'start_controller')
    docker(...create('blue', ...AUTO))
    const started = (...options: string[]): Place & { readonly id: string; readonly address: string } => {
      const words = ['--network=blue', '--stop-timeout=0', ...options, 'busybox', '/bin/busybox', 'sleep', '100000']
      const id = docker('run', '--detach', ...words)
      const format = '--format={{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
      const [pid = '', address = ''] = docker('inspect', format, id).split(' ')
      return { id, address, ...placeOn(here, `/proc/${pid}/ns/net`) }
    }
    const [a, b] = [started(), started()]
    await comesTrue(() => echoes(a, b.address, { tries: 1 }), 'both reach each other', 90)
    assert.match(docker('ps', '--format={{.Names}} {{.Image}}'), new RegExp(`ovn-central ${DEFAULT_IMAGE}`))
    assert.match(ok('ovn', 'status'), /tcp:172\.30\.0\.5:6641/)
    driverHolds()
    docker('plugin', 'disable', '--force', 'ovsd')
    docker('stop', '--time=0', 'ovn-central')
    docker('plugin', 'enable', 'ovsd')
    const c = started()
    await comesTrue(() => echoes(c, a.address, { tries: 1 }), 'central is started again', 120)
    assert.equal(new Set([a, b, c].map(({ address }) => address)).size, 3)
    docker('rm', '--force', a.id, b.id, c.id)
    docker('network', 'rm', 'blue')
    assert.deepEqual((json('net', 'ls') as { readonly networks: readonly unknown[] }).networks, [])
    docker('plugin', 'disable', 'ovsd')
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    tool(OVN_CTL, 'stop_controller')
    // As long as it runs it makes its bridge anew.
    tool('ovs-vsctl', '--if-exists', 'del-br', 'br-int')
    tool('ovs-vsctl', 'remove', 'open_vswitch', '.', 'external_ids', 'ovn-bridge-datapath-type')
  })
})
