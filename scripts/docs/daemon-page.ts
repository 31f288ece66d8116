// The parts of ovsd-daemon(8) that no other command has: its socket, its service, and its own lines of the log.
import type { PageParts } from './command-page.ts'
import { logPart } from './log-part.ts'
import { section, sentences } from './roff.ts'
import { FIELDS, on } from './watch-events.ts'

/** What `ovsd daemon` logs besides what the pages of the two others name. A test compares this with the calls in src/. */
export const DAEMON_EVENTS = [
  on(
    'daemon.started',
    'info',
    ['version', 'socket', 'default_bridge', 'policy', 'metrics', 'health', 'pid'],
    'Calls are answered, and signals are heard, from here on.',
  ),
  on(
    'daemon.stopping',
    'info',
    [],
    'A signal came: the calls that came are answered and what is being done is finished, or at the second one undone.',
  ),
  on('daemon.stopped', 'info', [], 'The end; the network stays as it is.'),
  on('daemon.broken', 'error', ['code', 'stack'], 'A defect of ovsd: it ends, and what was being done is undone.'),
]

/** What their keys mean. */
export const DAEMON_FIELDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'time',
      'level',
      'event',
      'msg',
      'version',
      'default_bridge',
      'policy',
      'metrics',
      'health',
      'pid',
      'code',
      'stack',
    ].map((key) => [key, FIELDS[key] ?? '']),
  ),
  socket: 'Where Docker is served.',
}

export const daemonParts = (): PageParts => ({
  exitStatus: [...sentences('0 after the first SIGTERM or SIGINT, 130 or 143 after a second one.')],
  sections: [
    ...section('ENVIRONMENT', [
      ...sentences(
        'That of ovsd-watch(8), and for the store that of ovsd-plugin(8). Where nothing else says the log level, PLUGIN_LOG_LEVEL does, then DEBUG, as for ovsd-plugin(8).',
      ),
    ]),
    ...section('LABELS AND NETWORKS', [
      ...sentences(
        'A container can have both. The interfaces of labels that name none begin with eth1, which is also what Docker calls the second network of a container: ' +
          'where a container has several networks of Docker, labels say another name (ovs.interface=ovs0).',
      ),
    ]),
    ...section('BOOT', [
      ...sentences(
        'dockerd calls the driver while it boots. When nothing listens at the socket it tries again for some 15 seconds, and then leaves the containers of its networks stopped, ' +
          'those with restart=always among them; when the driver comes later, docker start starts them. ' +
          'A socket that is opened before dockerd starts has no such gap: ovsd.socket, a unit of systemd, does that, and ovsd.service starts the program. ' +
          'That service begins before docker.service and ends after it.',
      ),
      '.PP',
      ...sentences(
        'A file that was left by a daemon that was killed is replaced when the next one starts. A socket that another program listens at is not: ListenFailed of ovsd-errors(7).',
      ),
    ]),
    ...section('LOG', [
      ...sentences('Lines of ovsd-watch(8) and ovsd-plugin(8), and in the place of those of their beginning and end:'),
      ...logPart(DAEMON_EVENTS, DAEMON_FIELDS, '"event":"daemon.started","msg":"ovsd daemon 0.1.0 serves …", …'),
    ]),
  ],
})
