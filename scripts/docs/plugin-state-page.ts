// The parts of ovsd-plugin-state(8) that no other command has: the keys of its JSON, and the same without the command.
import type { PageParts } from './command-page.ts'
import { bold, example, section, sentences, tagged } from './roff.ts'

/** The keys of `plugin state --json`, from the top down. A test compares them with the types. */
export const STATE_KEYS: readonly (readonly [keys: readonly string[], text: string])[] = [
  [['driver'], 'The running driver; null when none answers.'],
  [
    ['version', 'pid', 'startedAt', 'uptimeSeconds'],
    'Of it: version of ovsd, process id, since when (UTC, ISO 8601), and for how long.',
  ],
  [
    ['calls'],
    'Of it: what it was called for since then, by method; what names no method is counted as unknown, and who asks for the state is not counted.',
  ],
  [
    ['method', 'count', 'failed', 'lastMs', 'slowestMs', 'lastAt'],
    'Name of the method, how often it was called, how often that failed, milliseconds of the last and the slowest call, and when the last one was answered.',
  ],
  [
    ['inFlight'],
    'Of it: calls that are at work, the oldest first: method, network, endpoint (the first 12 digits, or null) and ms, the time since they came. What is undone after a time limit is still at work when Docker has its answer.',
  ],
  [
    ['networks'],
    'Networks that Docker has made, with the keys of net create; null when the database does not answer the driver.',
  ],
  [['title'], 'What Docker calls the network; null until Docker could be asked.'],
  [['endpoints'], 'In a network: how many it has. At the top: what containers have in them; null as networks.'],
  [
    ['problem'],
    'In a network whose record cannot be used: why. Of the other keys it has network, bridge, title and endpoints.',
  ],
  [['endpoint'], "Docker's id of the endpoint."],
  [['network'], 'Name of its network here: the first 12 digits of its id.'],
  [
    ['bridge', 'port', 'farLink'],
    "Its bridge, its port, which is the host's end of its pair of links, and the end that Docker moves into the container.",
  ],
  [['addresses', 'mac', 'vlan'], 'As Docker asked for them.'],
  [
    ['container', 'containerId', 'interface'],
    'Whose it is; null until Docker could be asked. After docker rename it is the new name, in ovsd daemon at once, in ovsd plugin within a minute.',
  ],
  [
    ['publishedPorts'],
    'What the host has published of it (docker run --publish), as in list --json: protocol, port, which is that of the container, hostIp and hostPort.',
  ],
  [
    ['state'],
    'used; idle when its pair lies on the host, because Docker has not taken it yet or has given it back (after two minutes it is removed, if Docker knows no such endpoint); gone when it has no links, as after a reboot; null for the database of another host.',
  ],
  [
    ['pools'],
    'Pools of addresses that Docker has from ovsd (--ipam-driver ovsd), with the network here that each is of, or null before Docker has made it; null as networks.',
  ],
  [['pool', 'subnet', 'range'], "Docker's id of the pool, and what that says."],
  [
    ['held'],
    'Addresses of a pool that Docker was given, and that no endpoint shows: a moment before there is one, the gateway after the network was made, for five minutes at most. null without a driver, which alone knows them.',
  ],
  [['problems'], 'List of what is wrong, in words. The exit status is 1 unless it is empty.'],
]

export const pluginStateParts = (): PageParts => ({
  exitStatus: [...sentences('1 also when no driver answers, or something else is wrong.')],
  sections: [
    ...section(
      'JSON',
      STATE_KEYS.flatMap(([keys, text]) => tagged(keys.map(bold).join(', '), sentences(text))),
    ),
    ...section('WITHOUT THE COMMAND', [
      ...sentences(
        'The driver answers the same to GET and to POST, of / and of /NetworkDriver.Database. Only root can open its socket, and nothing listens on the network.',
      ),
      ...example(['curl --unix-socket /run/docker/plugins/ovsd.sock http://localhost/NetworkDriver.Database']),
    ]),
  ],
})
