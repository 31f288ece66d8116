import type { ContainerSettings } from '../../docker/settings.ts'
import type { IpAddress } from '../../net/ip-address.ts'
import { SIDES } from '../remotes.ts'
import { ADDRESS_VARIABLE, CONTAINER, DATA_FOLDER, labelled, VOLUME } from './names.ts'

/** How central's container is to be. */
export interface Wanted {
  readonly image: string
  readonly network: string
  /** Its own, in that network. */
  readonly address: string
  /** The host's, on which it is published; undefined: on none. */
  readonly listen: IpAddress | undefined
}

const RESTART = 'unless-stopped'
const NO_NEW_PRIVILEGES = 'no-new-privileges'
const MOUNT = `${VOLUME}:${DATA_FOLDER}`
const PORTS = Object.values(SIDES).map(({ port }) => String(port))

/** What the user of the image may write to besides the databases: sockets, and a file that ovsdb-server makes for itself. */
const IN_MEMORY = { '/run': '755', '/tmp': '700' }
/** The user in packaging/ovn-central/Dockerfile. */
const OWNER = 'uid=6641,gid=6641'

/**
 * The arguments of docker(1) that make the container. It gets no capability at all: it runs as an ordinary user, and its
 * ports are above 1023.
 */
export const createArguments = ({ image, network, address, listen }: Wanted, run: string): readonly string[] => [
  ...['create', '--name', CONTAINER, ...labelled('container', run)],
  ...['--network', network, '--ip', address, '--env', `${ADDRESS_VARIABLE}=${address}`],
  ...publishedOn(listen).flatMap((words) => ['--publish', words.replace(/\/tcp$/, '')]),
  ...['--volume', MOUNT, '--restart', RESTART, '--read-only'],
  ...Object.entries(IN_MEMORY).flatMap(([path, mode]) => [
    ...['--tmpfs', `${path}:rw,noexec,nosuid,nodev,size=16m,mode=${mode},${OWNER}`],
  ]),
  ...['--cap-drop', 'ALL', '--security-opt', NO_NEW_PRIVILEGES],
  // What is not there is built, and not looked for at a registry.
  ...['--pull', 'never', image],
]

const publishedOn = (listen: IpAddress | undefined, brackets = true): readonly string[] =>
  listen === undefined ? [] : PORTS.map((port) => `${hostOf(listen, brackets)}:${port}:${port}/tcp`)

const hostOf = ({ family, text }: IpAddress, brackets: boolean): string =>
  family === 6 && brackets ? `[${text}]` : text

/**
 * What of a container is not as it is wanted, each in a few words. `isImageAsked`: without, the image may be any, that of an
 * earlier version of ovsd for one.
 */
export function differences(found: ContainerSettings, wanted: Wanted, isImageAsked: boolean): readonly string[] {
  const address = found.addresses[wanted.network]
  const others = Object.keys(found.addresses).join(', ') || 'no network'
  const [published, publish] = [found.published.toSorted(), publishedOn(wanted.listen, false).toSorted()]
  const privileges = [
    ...(found.privileged ? ['it is privileged'] : []),
    ...(found.capDrop.includes('ALL') ? [] : ['it has capabilities']),
    ...(found.capAdd.length > 0 ? [`it has ${found.capAdd.join(', ')}`] : []),
    ...(found.securityOpt.some((one) => one.startsWith(NO_NEW_PRIVILEGES)) ? [] : ['it may get new privileges']),
    ...(found.readOnly ? [] : ['it may write to its own files']),
  ]
  return [
    ...(isImageAsked && found.image !== wanted.image ? [`its image is ${found.image}, not ${wanted.image}`] : []),
    ...(address === undefined ? [`it is in ${others}, not in ${wanted.network}`] : []),
    ...(address !== undefined && address !== wanted.address
      ? [`its address is ${address || 'not fixed'}, not ${wanted.address}`]
      : []),
    ...(found.env.includes(`${ADDRESS_VARIABLE}=${wanted.address}`) ? [] : [`it does not listen on ${wanted.address}`]),
    ...(isSame(found.mounts, [MOUNT]) ? [] : [`it has mounted ${found.mounts.join(', ') || 'nothing'}, not ${MOUNT}`]),
    ...(isSame(published, publish) ? [] : [`it is published on ${said(published)}, not on ${said(publish)}`]),
    ...(found.restart === RESTART ? [] : [`its restart policy is ${found.restart}, not ${RESTART}`]),
    ...privileges,
  ]
}

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.join(' ') === b.join(' ')

const said = (published: readonly string[]): string =>
  published.map((one) => one.replace(/:\d+\/tcp$/, '')).join(', ') || 'nothing'
