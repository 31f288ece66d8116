// config.json of the managed plugin (docs.docker.com/engine/extend/config).

/** What it is to Docker: what Plugin.Activate answers, in the words of config.json. A test compares them. */
export const INTERFACES = ['docker.networkdriver/1.0', 'docker.ipamdriver/1.0'] as const

/** Where the rootfs has the host's /run. */
export const HOST_RUN = '/host/run'

/**
 * Settings that `docker plugin set` changes: those of seed drivers, by their names. All are there in the environment of the driver,
 * and an empty one counts as not given.
 */
const SETTINGS: readonly (readonly [name: string, value: string, description: string])[] = [
  ['PLUGIN_DATA_DIR', '/data', 'Folder of the store'],
  ['PLUGIN_LOG_LEVEL', '', 'debug, info (the default), warn or error'],
  ['PLUGIN_STATE_BACKUP', 'true', 'Whether a damaged file of the store is kept under another name'],
  ['PLUGIN_RECOVERY_MODE', 'lenient', 'What is done about a damaged file of the store: strict, lenient or skip'],
  ['DEBUG', '', '1: the log level is debug, when no other is set'],
]

/** Beyond what every container has. */
const CAPABILITIES = [
  // Links, addresses, routes, rules of the firewall.
  'CAP_NET_ADMIN',
  // setns(2) into the namespaces of containers, and /proc/sys.
  'CAP_SYS_ADMIN',
  // /proc/PID/ns of containers that may do more than the driver, or run as other users.
  'CAP_SYS_PTRACE',
]

/** The text of config.json. */
export function pluginConfig(version: string): string {
  const config = {
    description: `Open vSwitch networks, by ovsd ${version}`,
    documentation: 'man ovsd-plugin',
    entrypoint: ['/usr/lib/ovsd/start'],
    workdir: '/',
    interface: { types: INTERFACES, socket: 'ovsd.sock' },
    // The host's own: its links and bridges, and the abstract socket that is the lock of all ovsd of a host.
    network: { type: 'host' },
    // Containers are entered by /proc/PID/ns/net.
    pidhost: true,
    propagatedMount: '/data',
    linux: { capabilities: CAPABILITIES },
    mounts: [
      {
        name: 'run',
        description: 'Sockets of Open vSwitch, OVN and Docker',
        source: '/run',
        destination: HOST_RUN,
        type: 'bind',
        // Not rbind: network namespaces of containers are mounts below it, and a copy of one would keep it alive. And the whole
        // folder: one that is mounted by itself is lost when its service makes it anew, and has to be there already.
        options: ['bind'],
      },
    ],
    env: SETTINGS.map(([name, value, description]) => ({ name, value, description, settable: ['value'] })),
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}
