// What is done with an engine to hear all that engines say to a driver: the commands of its users, and its own ends.
import { writeFileSync } from 'node:fs'
import { execa } from 'execa'
import { killEngine, startingEngine } from './engine.ts'

export interface Act {
  /** The line of a shell, or what else is done. */
  readonly does: string
  /** How it is done, if it is no line of a shell. */
  readonly act?: () => Promise<void>
  /** The oldest API of engines, and so of their commands, that know it: 1.48. */
  readonly since?: number
}

const SLEEP = 'busybox sleep 100000'
const SYSCTL = 'com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1'

const NAME = 'com.docker.network.endpoint.ifname=lan0'

/** How Compose is called in what is said of it: it has this file. */
const COMPOSE = 'docker-compose --project-name=shop'

const FILE = `
version: '2.4'
services:
  front:
    image: busybox
    command: sleep 100000
    mac_address: 02:11:22:33:44:66
    ports: ['8084:80']
    networks:
      outer:
        aliases: [www]
      inner:
        ipv4_address: 10.5.0.9
  task:
    image: busybox
    command: sleep 100000
    networks: [inner]
networks:
  outer:
    driver: ovsd
    driver_opts: {bridge: bp0, mode: nat, vlan: '9'}
    ipam:
      config: [{subnet: 10.4.0.0/24, gateway: 10.4.0.254}]
  inner:
    driver: ovsd
    driver_opts: {bridge: bp0}
    internal: true
    ipam:
      driver: ovsd
      config: [{subnet: 10.5.0.0/24}]
`

async function composed(...args: readonly string[]): Promise<void> {
  writeFileSync('/run/shop.yml', FILE)
  await execa('docker-compose', ['--project-name=shop', '--file=/run/shop.yml', ...args])
}

/** dockerd ends and starts again. */
async function engineAgain(signal: 'SIGTERM' | 'SIGKILL', liveRestore = false): Promise<void> {
  await killEngine(signal)
  await startingEngine({ liveRestore })
}

/** A shell's loop until a container runs. */
const runs = (name: string): string =>
  `until [ "$(docker inspect --format='{{.State.Running}}' ${name})" = true ]; do sleep 0.2; done`

/** In this order; at the end nothing of it is left. */
export const ACTS: readonly Act[] = [
  // Networks, and what containers may ask of them.
  {
    does: 'docker network create -d ovsd -o bridge=bp0 -o mode=nat -o vlan=7 --subnet=10.0.0.0/24 --gateway=10.0.0.1 --aux-address=printer=10.0.0.9 --ipv6 --subnet=fd00:9::/64 --gateway=fd00:9::1 blue',
  },
  { does: 'docker network create -d ovsd -o bridge=bp0 --internal --subnet=10.1.0.0/24 inner' },
  {
    does: `docker run -d --name=web --network=blue --ip=10.0.0.5 --ip6=fd00:9::5 --network-alias=www --dns=192.0.2.53 -p 8080:80 -p 127.0.0.1:5353:53/udp ${SLEEP}`,
  },
  { does: 'docker inspect web' },
  { does: 'docker network inspect blue' },
  { does: 'docker network connect --alias=db inner web' },
  { does: 'docker restart --time=0 web' },
  { does: 'docker network disconnect inner web' },
  { does: 'docker network connect --ip=10.1.0.77 --driver-opt=some.key=value inner web' },
  { does: 'docker stop --time=0 web' },
  { does: 'docker network disconnect inner web' },
  { does: 'docker start web' },
  // To an older engine a newer docker(1) does not say it; Compose does, below.
  {
    does: `docker run -d --name=mac --network=blue --mac-address=02:11:22:33:44:55 ${SLEEP}`,
    since: 1.44,
  },
  { does: 'docker rm --force mac', since: 1.44 },
  { does: `docker run -d --name=all --network=blue --expose=81/udp -P -p 9000-9001:90-91 ${SLEEP}` },
  { does: `docker run -d --name=opt --network=name=blue,ip=10.0.0.8,alias=o,driver-opt=${SYSCTL} ${SLEEP}` },
  { does: 'docker run --rm --network=container:web busybox true' },
  { does: 'docker run --rm --network=inner busybox true' },
  { does: '! docker run --name=none --network=blue -p 8081:80 busybox /no/such/command; docker rm none' },
  { does: 'docker rm --force opt all' },
  // Which of its networks a container goes out by may be said since engine 28.
  { does: `docker run -d --name=both --network=inner --network=blue -p 8085:80 ${SLEEP}`, since: 1.44 },
  { does: 'docker rm --force both', since: 1.44 },
  {
    does: `docker run -d --name=two --network=name=blue,gw-priority=1 --network=inner -p 8082:80 ${SLEEP}`,
    since: 1.48,
  },
  // Of both IP versions, as the other one is: otherwise the engine prefers that.
  {
    does: 'docker network create -d ovsd -o bridge=bp0 -o mode=nat -o vlan=8 --subnet=10.2.0.0/24 --ipv6 --subnet=fd00:6::/64 green',
    since: 1.48,
  },
  { does: 'docker network connect --gw-priority=2 green two', since: 1.48 },
  { does: 'docker network disconnect green two', since: 1.48 },
  { does: `docker network connect --driver-opt=${NAME} green two`, since: 1.48 },
  { does: 'docker network disconnect green two', since: 1.48 },
  { does: 'docker network rm green; docker rm --force two', since: 1.48 },
  {
    does: 'docker network create -d ovsd -o bridge=bp0 -o mode=nat -o vlan=11 --ipv4=false --ipv6 --subnet=fd00:8::/64 six',
    since: 1.48,
  },
  { does: `docker run --rm --network=six busybox true`, since: 1.48 },
  // Its way out is one network for IPv4 and the other one for IPv6.
  { does: 'docker network create -d ovsd -o bridge=bp0 -o mode=nat -o vlan=10 --subnet=10.7.0.0/24 four', since: 1.48 },
  { does: `docker run -d --name=mix --network=four --network=six -p 8086:80 ${SLEEP}`, since: 1.48 },
  { does: 'docker rm --force mix; docker network rm four', since: 1.48 },
  { does: 'docker network rm six', since: 1.48 },
  // The engine's own ends.
  { does: `docker run -d --name=ever --restart=always --network=blue -p 8083:80 ${SLEEP}` },
  { does: `dockerd gets SIGTERM, and starts again`, act: () => engineAgain('SIGTERM') },
  { does: runs('ever') },
  { does: `dockerd gets SIGKILL, and starts again`, act: () => engineAgain('SIGKILL') },
  { does: runs('ever') },
  { does: 'dockerd gets SIGTERM, and starts again with --live-restore', act: () => engineAgain('SIGTERM', true) },
  { does: runs('ever') },
  { does: 'dockerd gets SIGKILL, and starts again with --live-restore', act: () => engineAgain('SIGKILL', true) },
  { does: runs('ever') },
  { does: 'docker restart --time=0 ever' },
  { does: 'dockerd gets SIGTERM, and starts again with --live-restore', act: () => engineAgain('SIGTERM', true) },
  { does: 'docker rm --force ever web' },
  { does: 'docker network rm inner blue' },
  // Addresses that the driver gives out.
  {
    does: 'docker network create -d ovsd -o bridge=bp0 --ipam-driver=ovsd --subnet=10.3.0.0/24 --ip-range=10.3.0.64/26 --aux-address=printer=10.3.0.70 --ipv6 --subnet=fd00:7::/64 given',
  },
  { does: `docker run -d --name=first --network=given ${SLEEP}` },
  { does: `docker run -d --name=chosen --network=given --ip=10.3.0.9 --ip6=fd00:7::9 ${SLEEP}` },
  { does: 'docker rm --force first chosen' },
  { does: 'docker network rm given' },
  { does: 'docker network create -d ovsd -o bridge=bp0 --ipam-driver=ovsd bare' },
  { does: 'docker network rm bare' },
  // Without addresses of one's own choice, and by Compose.
  { does: 'docker network create -d ovsd -o bridge=bp0 --attachable --label=a=b any' },
  { does: `docker run --rm --network=any busybox true` },
  { does: 'docker network rm any' },
  { does: `${COMPOSE} up --detach`, act: () => composed('up', '--detach') },
  { does: `${COMPOSE} up --detach`, act: () => composed('up', '--detach') },
  { does: `${COMPOSE} up --detach --scale=task=2`, act: () => composed('up', '--detach', '--scale=task=2') },
  { does: `${COMPOSE} restart --timeout=0 front`, act: () => composed('restart', '--timeout=0', 'front') },
  { does: `${COMPOSE} down --timeout=0`, act: () => composed('down', '--timeout=0') },
]
