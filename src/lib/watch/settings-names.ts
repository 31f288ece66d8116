// What every setting is called, here and in ovs-port-manager, whose names are accepted.

/** The settings, by the names of their options. OVSD_LOG_LEVEL and `log_level` in the file are made from `log-level`. */
export const SETTINGS = [
  'bridge',
  'interface',
  'mtu',
  'docker',
  'db',
  'policy',
  'log-level',
  'log-format',
  'metrics',
  'health',
  'external-interface',
  'resync',
] as const
export type Setting = (typeof SETTINGS)[number]

export const variableOf = (setting: Setting): string => `OVSD_${setting.replaceAll('-', '_').toUpperCase()}`
export const fileNameOf = (setting: Setting): string => setting.replaceAll('-', '_')

/** Names in ovs-port-manager: its variable, and its names in its file, of which the first that is given counts. */
export const THEIRS: Readonly<Partial<Record<Setting, { readonly env?: string; readonly file: readonly string[] }>>> = {
  bridge: { env: 'OVS_DEFAULT_BRIDGE', file: ['ovs.default_bridge'] },
  interface: { env: 'OVS_DEFAULT_INTERFACE', file: ['ovs.default_interface'] },
  mtu: { file: ['network.default_mtu'] },
  docker: { env: 'DOCKER_SOCKET_PATH', file: ['docker.socket_path'] },
  db: { env: 'OVS_SOCKET_PATH', file: ['ovs.socket_path'] },
  'log-level': { env: 'LOG_LEVEL', file: ['logging.level'] },
  'log-format': { env: 'LOG_FORMAT', file: ['logging.format'] },
  'external-interface': {
    env: 'DEFAULT_EXTERNAL_INTERFACE',
    file: ['network.default_external_interface', 'network.external.host_interface'],
  },
}

/** Two settings of ovs-port-manager that are one here: whether, and where. */
export const SERVERS = {
  metrics: {
    on: { env: 'ENABLE_METRICS', file: 'server.enable_metrics' },
    address: { env: 'METRICS_ADDR', file: 'server.metrics_addr' },
    usual: ':8080',
  },
  health: {
    on: { env: 'ENABLE_HEALTH_CHECK', file: 'server.enable_health_check' },
    address: { env: 'HEALTH_ADDR', file: 'server.health_addr' },
    usual: ':8081',
  },
} as const

/** Names of its file, and variables, that are accepted and have no effect, with the reason. */
export const IGNORED: Readonly<Record<string, string>> = {
  'ovs.database_name': 'the database is always Open_vSwitch',
  'ovs.connection_timeout': 'the limits are fixed, and a lost connection is made again',
  'docker.api_version': 'the engine answers with its own newest version',
  'docker.connection_timeout': 'the limits are fixed, and a lost connection is made again',
  'network.enable_ipv6': 'IPv6 is used where a label has an IPv6 address',
  'network.handle_netns': 'namespaces are opened as needed and not linked anywhere',
  'network.enable_external_routing': 'the rule "external" of the policy decides about external addresses',
  ENABLE_EXTERNAL_ROUTING: 'the rule "external" of the policy decides about external addresses',
  'network.external.ip_address': 'external addresses are given by labels',
  'network.external.gateway': 'external gateways are given by labels',
  'network.external.enable_ip_forwarding': 'forwarding is a matter of the external addresses that labels ask for',
  'logging.structured': 'log_format=json is the structured form',
  'logging.file_path': 'the log goes to standard error',
}

/** Every name that a file may have. */
export const FILE_NAMES: readonly string[] = [
  ...SETTINGS.map(fileNameOf),
  ...Object.values(THEIRS).flatMap(({ file }) => file),
  ...Object.values(SERVERS).flatMap(({ on, address }) => [on.file, address.file]),
  ...Object.keys(IGNORED).filter((name) => name.includes('.')),
]
