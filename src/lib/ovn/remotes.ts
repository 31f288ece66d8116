import { BadInput } from '../errors.ts'
import { parseEndpoint, type Endpoint } from '../ovsdb/endpoint.ts'
import { dialTls, type TlsFiles } from './tls.ts'

/** Where a database of OVN is: one server, or the members of a cluster. */
export interface Remotes {
  /** As the tools take it: connections with commas between them. */
  readonly text: string
  readonly endpoints: readonly Endpoint[]
}

/** Which of the two databases of central. */
export type Side = 'northbound' | 'southbound'

/** Their names in the protocol, their ports at IANA, and their sockets on the host that they run on (ovn-ctl(8)). */
export const SIDES = {
  northbound: { database: 'OVN_Northbound', port: 6641, socket: '/run/ovn/ovnnb_db.sock' },
  southbound: { database: 'OVN_Southbound', port: 6642, socket: '/run/ovn/ovnsb_db.sock' },
} as const satisfies Readonly<Record<Side, object>>

const GOOD = 'tcp:192.0.2.1:6641 or ssl:192.0.2.1:6641'

/**
 * Parses `tcp:HOST[:PORT]`, `ssl:HOST[:PORT]` and `unix:PATH`, one or several with commas between them; the port that is
 * left out is `port`. `files` are for ssl. Error: BadInput.
 */
export function parseRemotes(text: string, field: string, port: number, files?: TlsFiles): Remotes {
  const parts = text.split(',').map((part) => part.trim())
  const endpoints = parts.map((part) => parseRemote(part, field, port, files))
  return { text: endpoints.map((endpoint) => endpoint.text).join(','), endpoints }
}

function parseRemote(text: string, field: string, port: number, files: TlsFiles | undefined): Endpoint {
  if (text.startsWith('unix:')) return parseEndpoint(text, field)
  const [, protocol, rest = ''] = /^(tcp|ssl):(.+)$/.exec(text) ?? []
  if (protocol === undefined)
    throw new BadInput(field, `"${text.slice(0, 80)}" is no connection to a database of OVN.`, GOOD)
  const whole = /^(\[[^\]]*\]|[^:[\]]*)$/.test(rest) ? `${rest}:${String(port)}` : rest
  const plain = plainEndpoint(whole, field)
  if (protocol === 'tcp') return plain
  const { host = '', port: number = port } = plain.connect as { readonly host?: string; readonly port?: number }
  return {
    text: `ssl:${whole}`,
    connect: plain.connect,
    dial: () => {
      if (files === undefined)
        throw new BadInput(
          field,
          'an ssl connection needs three files.',
          '--private-key KEY.pem --certificate CERT.pem --ca-cert CA.pem',
        )
      return dialTls(host, number, files)
    },
  }
}

function plainEndpoint(whole: string, field: string): Endpoint {
  try {
    return parseEndpoint(`tcp:${whole}`, field)
  } catch {
    throw new BadInput(field, `"${whole.slice(0, 80)}" is no host and port of a database of OVN.`, GOOD)
  }
}

/** The hosts of remotes, without those that are sockets of this host. */
export const hostsOf = ({ endpoints }: Remotes): readonly string[] =>
  endpoints.flatMap(({ connect }) => ('host' in connect && connect.host !== undefined ? [connect.host] : []))

/** The same servers, in whatever order they are named. */
export const isSame = (a: string, b: string): boolean => a.split(',').sort().join() === b.split(',').sort().join()
