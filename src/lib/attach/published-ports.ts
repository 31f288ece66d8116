// Ports of a container that the host answers for (`docker run --publish`): the mark `ovsd_ports` of an endpoint's port.

/** What TCP and UDP are to Docker, by the numbers of IANA. */
export type Protocol = 'tcp' | 'udp'

/** One port of a container, and where the host has it. */
export interface PublishedPort {
  readonly protocol: Protocol
  /** The port of the container. */
  readonly port: number
  /** The address of the host; 0.0.0.0 and :: are all of an IP version, '' all of both. */
  readonly hostIp: string
  /** The port of the host. */
  readonly hostPort: number
}

/** The key of the mark. */
export const PORTS_MARK = 'ovsd_ports'

/** The mark's value; undefined when nothing is published. */
export const portsText = (ports: readonly PublishedPort[]): string | undefined =>
  ports.length === 0
    ? undefined
    : JSON.stringify(ports.map(({ protocol, port, hostIp, hostPort }) => ({ protocol, port, hostIp, hostPort })))

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536

function isPublished(value: unknown): value is PublishedPort {
  const one = value as Partial<PublishedPort> | null
  const isKnown = one?.protocol === 'tcp' || one?.protocol === 'udp'
  // It becomes part of rules: anything but an address would say something else there.
  const hasAddress = typeof one?.hostIp === 'string' && /^[0-9a-f.:]*$/.test(one.hostIp)
  return isKnown && hasAddress && isPort(one.port) && isPort(one.hostPort)
}

/** What a mark says; nothing for one that is missing or damaged. */
export function readPorts(text: string | undefined): readonly PublishedPort[] {
  if (text === undefined) return []
  try {
    const ports: unknown = JSON.parse(text)
    return Array.isArray(ports) && ports.every(isPublished) ? ports : []
  } catch {
    return []
  }
}

/** A published port as `docker ps` shows one: 0.0.0.0:8080->80/tcp, or 8080->80/tcp at all addresses. */
export function describePort({ protocol, port, hostIp, hostPort }: PublishedPort): string {
  const at = hostIp === '' ? '' : hostIp.includes(':') ? `[${hostIp}]:` : `${hostIp}:`
  return `${at}${String(hostPort)}->${String(port)}/${protocol}`
}
