// A port that Docker asks to be published, as it comes with ProgramExternalConnectivity (moby, libnetwork/types PortBinding).
import { parseIp } from '../net/ip-address.ts'
import { BadInput } from '../errors.ts'
import type { PortWish } from '../plan/host-ports.ts'
import { BadCall } from './bad-call.ts'
import { textIn, type Fields } from './fields.ts'

/** By the numbers of IANA. */
const PROTOCOLS: Readonly<Record<number, PortWish['protocol'] | undefined>> = { 6: 'tcp', 17: 'udp' }
const SCTP = 132

/** A port of a container in words, "80/tcp", be it one that is served or not. Error: BadCall. */
export function portText(fields: Fields): string {
  const proto = Number(fields['Proto'])
  return `${String(portIn(fields, 'Port'))}/${PROTOCOLS[proto] ?? (proto === SCTP ? 'sctp' : String(proto))}`
}

/** A port number; 0 when there is none. Error: BadCall. */
function portIn(fields: Fields, name: string): number {
  const value = fields[name] ?? 0
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 65_536) return value
  throw new BadCall(400, `${name} is no port`)
}

/** Checks a port. Errors: BadCall, BadInput (a protocol that is not served, an address that is none). */
export function portWish(fields: Fields): PortWish {
  const port = portIn(fields, 'Port')
  if (port === 0) throw new BadCall(400, 'Port is missing')
  const protocol = PROTOCOLS[Number(fields['Proto'])]
  if (protocol === undefined)
    throw new BadInput('--publish', `only TCP and UDP ports are published.`, `--publish ${String(port)}/tcp`)
  const address = textIn(fields, 'HostIP')
  const hostPort = portIn(fields, 'HostPort')
  return {
    ...{ protocol, port, hostPort, hostPortEnd: portIn(fields, 'HostPortEnd') },
    hostIp: address === '' ? '' : parseIp(address, '--publish').text,
  }
}
