// Flags that several commands share, declared once.
import { Flags } from './oclif.ts'

/** Flags that every command has (besides --help). */
export const globalFlags = {
  // oclif adds this flag by itself; ours has a better text.
  json: Flags.boolean({ description: 'Print the result, or the error, as JSON', helpGroup: 'GLOBAL' }),
  'dry-run': Flags.boolean({
    char: 'n',
    description: 'Print the commands that would be run, and change nothing',
    helpGroup: 'GLOBAL',
  }),
  quiet: Flags.boolean({ char: 'q', description: 'Print nothing but errors', helpGroup: 'GLOBAL' }),
  verbose: Flags.boolean({ char: 'v', description: 'Print each command with its time', helpGroup: 'GLOBAL' }),
  timeout: Flags.string({
    description: 'Give up, and undo, after this many seconds',
    default: '60',
    helpValue: 'SECONDS',
    env: 'OVSD_TIMEOUT',
    helpGroup: 'GLOBAL',
  }),
  'no-color': Flags.boolean({ description: 'No colours (also: NO_COLOR)', helpGroup: 'GLOBAL' }),
  db: Flags.string({
    description: 'Open vSwitch database, e.g. unix:/run/openvswitch/db.sock',
    helpValue: 'CONNECTION',
    env: 'OVSD_DB',
    helpGroup: 'GLOBAL',
  }),
  docker: Flags.string({
    aliases: ['host'],
    description: 'Docker engine, e.g. unix:///run/docker.sock (default: DOCKER_HOST)',
    helpValue: 'HOST',
    env: 'OVSD_DOCKER',
    helpGroup: 'GLOBAL',
  }),
}

/** The time limit of what may have to build an image first. */
export const longTimeout = {
  timeout: Flags.string({
    description: 'Give up, and undo, after this many seconds',
    default: '900',
    helpValue: 'SECONDS',
    env: 'OVSD_TIMEOUT',
    helpGroup: 'GLOBAL',
  }),
}

/** VLAN flags of add-port and set-vlan. */
export const vlanFlags = {
  trunks: Flags.string({ description: 'Carry these VLANs tagged, e.g. 10,20,100-103', helpValue: 'LIST' }),
  'native-vlan': Flags.string({ description: 'With or without --trunks: VLAN of untagged frames', helpValue: 'N' }),
}

/** Flags of every command that uses the store. */
export const stateFlags = {
  'state-dir': Flags.string({
    description: 'Folder of the store (default: /var/lib/ovsd)',
    helpValue: 'FOLDER',
    env: 'OVSD_DATA_DIR',
  }),
}

/** Flags of every command that makes this host a chassis of OVN. */
export const chassisFlags = {
  encap: Flags.string({
    description: 'Encapsulation of its tunnels: geneve, vxlan or both (default: geneve)',
    helpValue: 'TYPE[,TYPE]',
  }),
  'encap-ip': Flags.string({
    description: 'Address of this host that the tunnels of others lead to',
    helpValue: 'ADDRESS',
  }),
  'bridge-mapping': Flags.string({
    description: 'A physical network, and the bridge of this host that leads to it; may be repeated',
    helpValue: 'PHYSNET:BRIDGE',
    multiple: true,
  }),
  'system-id': Flags.string({ description: 'Name of this host as a chassis, if it has none', helpValue: 'NAME' }),
  'private-key': Flags.string({ description: 'For ssl: key of this host', helpValue: 'FILE' }),
  certificate: Flags.string({ description: 'For ssl: certificate of this host', helpValue: 'FILE' }),
  'ca-cert': Flags.string({ description: 'For ssl: who signs the certificates of the others', helpValue: 'FILE' }),
  insecure: Flags.boolean({ description: 'Plain TCP may leave this host' }),
}
