// What `ovsd watch` logs. A test compares this with the calls in src/; ovsd-watch(8) is made from it.

/** A line of the log: its usual level, the keys that only JSON has besides, and what it tells. */
export interface LoggedEvent {
  readonly event: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: readonly string[]
  readonly text: string
}

const WHO = ['container', 'container_id'] as const
const PORT = [...WHO, 'interface', 'bridge', 'port'] as const

export const on = (
  event: string,
  level: LoggedEvent['level'],
  fields: readonly string[],
  text: string,
): LoggedEvent => ({
  ...{ event, level, fields, text },
})

export const EVENTS: readonly LoggedEvent[] = [
  on(
    'watch.started',
    'info',
    ['version', 'default_bridge', 'policy', 'metrics', 'health', 'pid'],
    'Signals are heard from here on.',
  ),
  on('watch.stopping', 'info', [], 'A signal came: what is being done is finished, or at the second one undone.'),
  on('watch.stopped', 'info', [], 'The end; the network stays as it is.'),
  on('watch.broken', 'error', ['code', 'stack'], 'A defect of ovsd: it ends, and what was being done is undone.'),
  on('settings.loaded', 'debug', [], 'Which settings file was read.'),
  on('settings.notice', 'warn', [], 'A setting was accepted and has no effect, or another one than elsewhere.'),
  on('policy.loaded', 'info', [], 'SIGHUP: the policy was read again.'),
  on('policy.kept', 'error', ['code'], 'SIGHUP: the policy cannot be read, and stays as it was.'),
  on(
    'engine.lost',
    'warn',
    [],
    'The engine does not answer. It is tried again until it does; nothing is changed meanwhile.',
  ),
  on('engine.back', 'info', [], 'It answers again, or for the first time after that.'),
  on('engine.ended', 'debug', [], 'It ended the connection, which is being opened again.'),
  on('database.lost', 'warn', [], 'The Open vSwitch database does not answer; as with engine.lost.'),
  on('database.back', 'info', [], 'It answers again, or for the first time after that.'),
  on(
    'central.lost',
    'warn',
    [],
    'A database of OVN does not answer. What containers had is attached without it meanwhile; nothing new is given out.',
  ),
  on('central.back', 'info', [], 'It answers again. What it missed is made up for.'),
  on('port.attached', 'info', [...PORT, 'addresses', 'mac', 'vlan', 'ms'], 'An interface was attached.'),
  on('port.repaired', 'info', [...PORT, 'addresses', 'mac', 'vlan', 'what'], 'What was missing of it was put back.'),
  on('port.detached', 'info', [...PORT, 'why'], 'A port was removed.'),
  on(
    'port.refused',
    'warn',
    [...WHO, 'interface', 'code', 'rule', 'next'],
    'What labels ask for cannot be had. Said once, and again when the reason changes.',
  ),
  on('port.allowed', 'debug', [...WHO, 'interface'], 'Nothing stands against it any more.'),
  on(
    'port.failed',
    'error',
    [...WHO, 'interface', 'code', 'left'],
    'An attempt failed and is repeated. The same failure again is logged at debug.',
  ),
  on('container.retry', 'debug', ['container_id', 'retry_in_s'], 'When the next attempt comes.'),
  on(
    'container.restless',
    'warn',
    [...PORT, 'addresses', 'mac', 'vlan', 'ms', 'what', 'why', 'code', 'rule', 'next', 'left'],
    'A container had many lines within a minute; for the rest of it they are logged at debug. Its fields are those of the line that was one too many.',
  ),
  on('labels.dropped', 'debug', [...WHO, 'labels'], 'Labels of the image do not count, by the rule image_labels.'),
  on('resync.failed', 'error', [], 'Looking at everything failed; it is done again.'),
  on(
    'upkeep.mended',
    'info',
    ['about', 'what'],
    'What a network, a mirror or a container of Docker has on this host, or a network on OVN has in central for this host, was put right.',
  ),
  on(
    'upkeep.failed',
    'error',
    ['about', 'code', 'left'],
    'It cannot be put right. Said once for each reason, at warn when that lies in what others have; tried again at each look.',
  ),
  on('plan.printed', 'info', [...WHO, 'commands'], 'What would be done for a container (--dry-run).'),
  on('upkeep.printed', 'info', ['about', 'commands'], 'What would be done for a network or for mirrors (--dry-run).'),
  on('command.ran', 'debug', ['ms'], 'A command and its time (--verbose).'),
]

/** What a key means, in every event. The first four are in every line. */
export const FIELDS: Readonly<Record<string, string>> = {
  time: 'When it was written, in UTC (ISO 8601, with milliseconds).',
  level: 'debug, info, warn or error.',
  event: 'The name of the event.',
  msg: 'The same words as in the text form.',
  container: 'Name of the container, or the beginning of its id when the name is not known.',
  container_id: 'Its full id.',
  interface: 'Name inside the container; empty when it is about none in particular.',
  bridge: 'Name of the bridge.',
  port: 'Name of the port.',
  addresses: 'List of addresses with prefix lengths.',
  mac: 'MAC address.',
  vlan: 'The VLAN, as ovsd list shows it; 0 when only untagged frames pass. Left out without one.',
  ms: 'Milliseconds: from the event to the interface that can be used, or the time of a command.',
  about: 'The network or the mirrors that it is about.',
  what: 'List of what was done, or of what went.',
  why: 'Why the port went.',
  code: 'Error code; see ovsd-errors(7).',
  rule: 'The rules of the policy that are broken; see ovsd-policy(5).',
  next: 'What to do about it.',
  left: 'List of what is left on the host.',
  retry_in_s: 'Seconds until the next attempt.',
  labels: 'List of names of labels.',
  commands: 'List of commands.',
  version: 'Version of ovsd.',
  default_bridge: 'Bridge of labels that name none.',
  policy: 'Path of the policy file, built-in, or none.',
  metrics: 'Where metrics are served; left out when they are not.',
  health: 'The same for health.',
  pid: 'Process id.',
  stack: 'List of places in the program.',
}
