// The parts of ovsd-plugin(8) that no other command has: which calls it serves, and its log.
import type { PageParts } from './command-page.ts'
import { logPart } from './log-part.ts'
import { bold, example, section, sentences, tagged } from './roff.ts'
import { EVENTS, FIELDS, on } from './watch-events.ts'

/** Events that it has in common with `ovsd watch`. */
const SHARED = [
  'policy.loaded',
  'policy.kept',
  'database.lost',
  'database.back',
  'upkeep.mended',
  'upkeep.failed',
  'command.ran',
]

/** What `ovsd plugin` logs. A test compares this with the calls in src/. */
export const PLUGIN_EVENTS = [
  on(
    'plugin.started',
    'info',
    ['version', 'socket', 'policy', 'pid'],
    'Calls are answered, and signals are heard, from here on.',
  ),
  on(
    'plugin.stopping',
    'info',
    [],
    'A signal came: the calls that came are answered, and no more are taken; at the second one their work is undone.',
  ),
  on('plugin.stopped', 'info', [], 'The end; the network stays as it is.'),
  on('plugin.broken', 'error', ['code', 'stack'], 'A defect of ovsd: it ends, and what was being done is undone.'),
  on(
    'call.answered',
    'debug',
    ['call', 'network', 'endpoint', 'asked', 'status', 'ms'],
    'A call of Docker was done. All calls about one endpoint can be found by its id, which ovsd-plugin-state(8) shows beside the container.',
  ),
  on(
    'call.failed',
    'warn',
    ['call', 'network', 'endpoint', 'asked', 'status', 'ms', 'code'],
    'It was not; Docker was told why.',
  ),
  on(
    'endpoint.learnt',
    'debug',
    ['container', 'container_id', 'interface', 'port'],
    'Which container an endpoint is of; its port is marked with it.',
  ),
  on('network.learnt', 'debug', ['network', 'title'], 'What Docker calls a network; it is noted beside its record.'),
  on(
    'network.emptied',
    'warn',
    ['network', 'title', 'what'],
    'Docker removes a network that containers are in of which it knows nothing, as ovsd net connect brings them in: they lose these interfaces.',
  ),
  on('endpoint.unknown', 'debug', [], 'That could not be found out yet; it is tried again.'),
  on(
    'pair.left',
    'warn',
    ['endpoint', 'left'],
    'The pair of links of an endpoint that is gone could not be deleted. It is, two minutes later (upkeep.mended), or by ovsd-gc(8).',
  ),
  on(
    'ports.unpublished',
    'warn',
    ['container', 'container_id', 'networks', 'ports'],
    'A container was started with --publish, and all networks that it is in are such that publish nothing; see PUBLISHED PORTS.',
  ),
  on('store.unusable', 'warn', [], 'A file of the store cannot be used; ovsd-state-check(8) tells more.'),
  ...EVENTS.filter(({ event }) => SHARED.includes(event)),
]

/** What its keys mean. */
export const PLUGIN_FIELDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(FIELDS).filter(([key]) =>
      [
        'time',
        'level',
        'event',
        'msg',
        'about',
        'what',
        'code',
        'left',
        'version',
        'policy',
        'pid',
        'container',
        'container_id',
        'interface',
        'port',
        'stack',
      ].includes(key),
    ),
  ),
  socket: 'Where Docker is served.',
  network: 'Name of the network here.',
  title: 'Its name for Docker.',
  networks: 'Names of networks, as Docker calls them.',
  ports: 'Ports of the container that are to be published: 80/tcp.',
  endpoint: 'The first 12 digits of the id of an endpoint.',
  call: 'Name of the method.',
  asked: 'What was asked: the body of the call as JSON, without its ids and what is empty, cut after 600 characters.',
  status: 'HTTP status of the answer.',
  ms: 'Milliseconds from the call to the answer, or the time of a command.',
}

export const pluginParts = (): PageParts => ({
  exitStatus: [...sentences('0 after the first SIGTERM or SIGINT, 130 or 143 after a second one.')],
  sections: [
    ...section('CALLS', [
      ...sentences(
        'The driver has the local scope. A call has 12 seconds for its work, which is undone then, and is answered after 15 at the latest. ' +
          'What Docker does not say a driver is its own name of a network: here it is called by the first 12 digits of its id. ' +
          'Where addresses come from a DHCP server outside (--opt ipam=external), Docker must not give any: --ipam-driver=null. The client is started when the container is known, a moment after its start. ' +
          'Each start has another MAC then, and so another lease, unless --mac-address says one; and Docker resolves no names of such containers.',
      ),
    ]),
    ...section('ADDRESSES', [
      ...sentences(
        'Docker gives out addresses by itself, on each host for itself, and no subnet twice. With --ipam-driver=ovsd they are given by ovsd, which knows what is in use from the networks themselves: ' +
          'several networks may have the same subnet, those of two tenants for example; and networks on OVN have no address twice on any host. ' +
          '--subnet, --ip-range, --gateway, --aux-address and --ip are as always; without --subnet it is a part of 10.224.0.0/11, and of fd00::/8 for IPv6. ' +
          'With --opt ipam=static only those are given that are asked for (--ip); with --opt ipam=ovn, on OVN, they are given as always there. Both are refused without it. ' +
          'An address that was given back is given again only after all others. A container cannot be in two networks with the same subnet: Docker refuses it.',
      ),
      '.PP',
      ...sentences(
        'Addresses of networks on OVN are shared by all hosts, in central. While that is away, or still being made, a host gives those that it believes to be free, beginning somewhere of its own, ' +
          'and central is told later. It takes none twice: when another host was given the same one meanwhile, the later container stays cut off, and the log says so (upkeep.failed); restarted, it has another one.',
      ),
    ]),
    ...section('DEFAULT ROUTES', [
      ...sentences(
        'Of the networks that a container is in, Docker takes the gateway of one: the first by name that has one (since engine 28 docker network connect --gw-priority says otherwise), for each IP version. ' +
          'The host itself is the gateway of a nat network. ' +
          'In a flat or l2 network it is the address that Docker has reserved, that of --gateway or else the first one of the subnet. Docker gives it to no container, and somebody has to have it: a router of the LAN, for example. ' +
          'With --internal a network has no gateway: containers in it reach each other, and go out by other networks that they are in, or not at all; it is of mode l2, and a word that leads out of it is refused.',
      ),
      '.PP',
      ...sentences(
        "--ipv6 gives containers IPv6 addresses as well. Docker's own address management has none to give by itself before engine 27: name a second subnet there (--ipv6 --subnet 10.0.0.0/24 --subnet fd00::/64). " +
          'With --ipam-driver=ovsd it is chosen when none is named.',
      ),
    ]),
    ...section('WHAT DOCKER FORGETS', [
      ...sentences(
        'What Docker removes while no driver answers it only writes into its log, and it never says so again. ' +
          'A network that nobody is in is removed when the engine that made it does not list it at two looks that are two minutes apart (upkeep.mended), with its copy in the store. ' +
          'Which engine that was is noted with what it calls the network (ovsd_engine in external_ids): what another engine does not have, or one that does not answer, says nothing. The copy in the store has both, so one that an older copy of the store brings back goes in the same way. ' +
          'A network of which that was never found out stays. Where a network is in the way of another one, the refusal names it: ' +
          'when docker network ls does not show it any more, ovsd net rm NETWORK --force removes it. ' +
          'Endpoints and their links go in the same way, two minutes after they were first seen.',
      ),
    ]),
    ...section('NETWORKS ON OVN', [
      ...sentences(
        'With --opt ovn.switch=NAME, or ovn.role=transit, a network is a logical switch, as with ovsd net create --switch; what all its hosts call it is the name of the switch. ' +
          'ovn.transit_network names a transit network as Docker calls it on this host, or as its switch is called, without ls-. ' +
          'While central does not answer, containers start and end all the same, and it is told of it when it does.',
      ),
      '.PP',
      ...sentences(
        'ovn.auto_create=true has a central made when none answers: the network is there at once, central a moment later, as ovsd ovn bootstrap makes it, in a container of the same engine ' +
          '(in the Docker network that ovn.transit_overlay_network names; transit-overlay when left out), and with it this host becomes a chassis. ' +
          'A central that answers at ovn.nb_connection is joined instead. Containers that were started before reach each other from then on. ' +
          'Networks without ovn.auto_create that are made meanwhile are of that central, too. It is in the first of 172.30.0.0/24, 172.31.0.0/24, 192.168.200.0/24 and ' +
          '192.168.201.0/24 that is free, at .5, and connections to that address in any of the four mean it, unless another central answers there. ' +
          'Until then the log says what is missing (upkeep.failed). A managed plugin makes one, too, where ovn-controller runs on the host: it starts no daemons of that.',
      ),
    ]),
    ...section('POLICY', [
      ...sentences(
        'Whoever may use Docker chooses what a network asks for. Where there is a policy file, ovsd-policy(5), it says which bridges, subnets, VLANs, NICs and so on networks may have: ' +
          'what it does not allow is refused, with the rule, and nothing is made. Networks that are there stay. ' +
          'The file is the one of --policy, of OVSD_POLICY or of the setting policy of the settings file, else /etc/ovsd/policy.yaml; without one networks are confined by nothing. SIGHUP reads it again.',
      ),
    ]),
    ...section('PUBLISHED PORTS', [
      ...sentences(
        'In networks of mode nat docker run --publish and --publish-all lead addresses of the host to the container: TCP and UDP, IPv4 and IPv6, one address or all, ' +
          'a range, or a free port of net.ipv4.ip_local_port_range. ' +
          'Who asks from outside is seen under his own address, and who asks from the same network as the gateway. ' +
          'On the host 127.0.0.1 works, and ::1 does not. ' +
          'SCTP is refused with the reason.',
      ),
      '.PP',
      ...sentences(
        'In other networks (flat, l2, on OVN) the host has no address, and nothing is published: ports of a container that is in several networks are published by the nat network among them, ' +
          'whatever the networks are called and whenever the container was connected to each. ' +
          'As Docker has ports published by the network that gives the container its default route, the others give none to a container with --publish: ' +
          'one that is in no nat network (nor in a network of another driver) has no default route, and its ports are published nowhere, until docker network connect brings it into one. ' +
          'Docker says no word about that; the log does (ports.unpublished). ' +
          'Leave out --publish there: then the gateway of the network counts.',
      ),
      '.PP',
      ...sentences(
        'A port at which a program of the host listens, or that another container has, is refused (HostPortInUse): in the IP versions that the container has addresses of. ' +
          'Nobody listens for a published port: a program that is started at the same port afterwards is asked by nobody.',
      ),
      '.PP',
      ...sentences(
        'These ports are shown by ovsd list and ovsd net inspect, and not by docker ps and docker port: Docker asks only its own drivers for them. ' +
          'They are recorded at the port (ovsd_ports of its external_ids), and the rules, those of nftables or iptables for nat networks, are put back from there: ' +
          'a driver that is killed, or a firewall that is emptied, loses none.',
      ),
    ]),
    ...section('LOST PORTS', [
      ...sentences(
        'A port of a running container that somebody deletes (ovs-vsctl del-port), or that is lost with the database, is put back within seconds, with its VLAN, external_ids and published ports (upkeep.mended). ' +
          'When that happened while the driver did not run, Docker is asked what it was: a free port of the host that was chosen for --publish or --publish-all, ' +
          'the published ports of a container in several networks, and external_ids that were set by hand are not known then. docker restart publishes them again. ' +
          'Nothing is put back in a network that is not recorded any more.',
      ),
    ]),
    ...section('ENVIRONMENT', [
      ...sentences(
        'Besides those of ovsd(8), and for what is not given as an option; an empty variable counts as not set.',
      ),
      ...tagged(`${bold('OVSD_LOG_LEVEL')}, ${bold('PLUGIN_LOG_LEVEL')}`, ['Level of the log.']),
      ...tagged(bold('OVSD_POLICY'), ['Path of the policy file, or none.']),
      ...tagged(bold('DEBUG'), sentences('1: the level of the log is debug, when neither of those says another.')),
      ...tagged(`${bold('OVSD_DATA_DIR')}, ${bold('PLUGIN_DATA_DIR')}`, ['Folder of the store.']),
      ...tagged(
        `${bold('OVSD_RECOVERY_MODE')}, ${bold('PLUGIN_RECOVERY_MODE')}`,
        sentences(
          'What is done about a file of the store that cannot be used: strict, lenient (the default) or skip; see ovsd(8). With strict the driver does not start while there is one.',
        ),
      ),
      ...tagged(
        `${bold('OVSD_STATE_BACKUP')}, ${bold('PLUGIN_STATE_BACKUP')}`,
        sentences('Whether such a file is kept under another name: true (the default) or false.'),
      ),
    ]),
    ...section('MANAGED PLUGIN', [
      ...sentences(
        'In the sources of ovsd, npm run plugin:build makes a plugin that Docker runs itself, from the executable and the tools of the machine, without a registry. ' +
          'Its name as a driver is ovsd:latest. It is set with docker plugin set, while it is disabled: the variables above that begin with PLUGIN_, and DEBUG.',
      ),
      ...example([
        'npm run plugin:build',
        'docker plugin set ovsd PLUGIN_LOG_LEVEL=debug',
        'docker plugin enable ovsd',
        'docker network create --driver=ovsd:latest --subnet=10.0.0.0/24 blue',
      ]),
      ...sentences(
        'Other hosts, on which the same Debian runs, can have it from a registry; its name as a driver begins with that of the registry then:',
      ),
      ...example([
        'npm run plugin:build -- --name=registry.example/ovsd',
        'docker plugin push registry.example/ovsd',
        'docker plugin install --grant-all-permissions registry.example/ovsd PLUGIN_LOG_LEVEL=debug',
        'docker network create --driver=registry.example/ovsd:latest --subnet=10.0.0.0/24 blue',
      ]),
      ...sentences('A newer one takes its place while containers go on:'),
      ...example([
        'docker plugin disable --force registry.example/ovsd',
        'docker plugin upgrade --grant-all-permissions registry.example/ovsd',
        'docker plugin enable registry.example/ovsd',
      ]),
      ...sentences(
        "Docker starts it before containers, and it shares database and lock with the host's ovsd. Its log is in that of dockerd. " +
          'It does not run beside ovsd plugin or ovsd daemon of the host: whichever comes second ends with AlreadyRunning (ovsd watch may run beside it). Networks have their driver by its name: those of ovsd:latest need the plugin, and those of ovsd the other one; who changes over removes them first, and makes them anew. ' +
          'Files of the host below /etc, a policy file among them, are not seen in it. ' +
          'Its store is /data in it (on the host /var/lib/docker/plugins/ID/propagated-mount, with the ID that docker plugin inspect shows), which Docker keeps while it is disabled or upgraded, and removes with it; another PLUGIN_DATA_DIR is lost with each version. ' +
          'docker plugin disable --force and enable, and another version in its place (as above, or without a registry disable --force, rm --force, create, enable), leave networks and containers as they are; ' +
          'while it is disabled no container can join a network. When enabling it fails, the log of dockerd says why.',
      ),
    ]),
    ...section(
      'LOG',
      logPart(PLUGIN_EVENTS, PLUGIN_FIELDS, '"event":"plugin.started","msg":"ovsd plugin 0.1.0 serves …", …'),
    ),
  ],
})
