// `npm run demo`: what ovsd does for a user, shown on a private host with real containers and real packets.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runCommand } from './containers.ts'
import type { Host } from './host.ts'
import { networkState } from './machine.ts'
import { startHost } from './private-host.ts'
import { ended } from './process.ts'
import { Disappointment, fact, perform, scene } from './stage.ts'
import { transfer } from './transfer.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const megabytes = 8

async function build(): Promise<void> {
  scene('Building ovsd')
  const child = spawn(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: 'inherit' })
  if ((await ended(child)) !== 0) throw new Disappointment('the build failed')
  if (!existsSync(`${root}dist/ovsd`)) throw new Disappointment('the build made no dist/ovsd')
}

async function attach(host: Host): Promise<void> {
  scene('Two containers without a network, and a bridge that does not exist yet')
  for (const name of ['web', 'db']) await perform(host, runCommand({ name }))
  await perform(host, 'ovsd add-port br0 eth1 web --ipaddress=10.10.0.2/24')
  await perform(host, 'ovsd add-port br0 eth1 db --ipaddress=10.10.0.3/24')
  await perform(host, 'ovsd list')
}

async function communicate(host: Host): Promise<void> {
  scene('They reach each other')
  await perform(host, 'docker exec web ping -c 3 10.10.0.3', 'works', 5)
  await perform(host, 'docker exec db ping -c 3 10.10.0.2', 'works', 5)
  const seconds = await transfer(host, { from: 'web', to: 'db', address: '10.10.0.3', megabytes })
  fact(`${megabytes} MB over TCP in ${seconds.toFixed(1)} s, with the same checksum at both ends`)
}

async function separate(host: Host): Promise<void> {
  scene('A VLAN keeps them apart, the same VLAN joins them')
  await perform(host, 'ovsd set-vlan br0 eth1 web 100')
  await perform(host, 'docker exec web ping -c 1 -W 1 10.10.0.3', 'fails', 5)
  fact('no answer from another VLAN')
  await perform(host, 'ovsd set-vlan br0 eth1 db 100')
  await perform(host, 'docker exec web ping -c 1 -W 1 10.10.0.3', 'works', 5)
  fact('an answer from the same VLAN')
}

async function detach(host: Host): Promise<void> {
  scene('Taking all of it away')
  await perform(host, 'ovsd del-ports br0 web')
  await perform(host, 'ovsd del-ports br0 db')
  const ports = await perform(host, 'ovs-vsctl list-ports br0')
  if (ports !== '') throw new Disappointment('the bridge still has ports')
  const links = await perform(host, 'ip -oneline link show type veth')
  if (links !== '') throw new Disappointment('the host still has veth links')
  await perform(host, 'docker rm --force web db')
  fact('no port and no link is left')
}

async function main(): Promise<void> {
  const before = await networkState()
  await build()
  scene('A private host: its own network, Open vSwitch and Docker')
  const start = performance.now()
  {
    await using host = await startHost()
    fact(`ready after ${((performance.now() - start) / 1000).toFixed(1)} s`)
    for (const part of [attach, communicate, separate, detach]) await part(host)
  }
  scene('The machine')
  if ((await networkState()) !== before) throw new Disappointment('links, addresses or routes of this machine changed')
  fact('links, addresses and routes of this machine are byte for byte what they were')
}

try {
  await main()
  console.log('\ndemo: everything worked')
} catch (error) {
  const expected = error instanceof Disappointment
  console.log(`\ndemo: FAILED: ${expected ? error.message : ((error as Error).stack ?? String(error))}`)
  process.exitCode = 1
}
