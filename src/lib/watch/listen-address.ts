import { isIPv4 } from 'node:net'
import { BadInput } from '../errors.ts'
import { isIpv6, parseIp, type IpAddress } from '../net/ip-address.ts'

/** Where a server listens. Equal `text` means the same place. */
export type ListenAddress =
  | { readonly text: string; readonly host: string; readonly port: number; readonly path?: undefined }
  | { readonly text: string; readonly path: string }

const GOOD = '127.0.0.1:9100 or unix:/run/ovsd/metrics.sock'

/** Bytes of a path that fit into an address with the NUL behind them (unix(7), sun_path). */
const LONGEST_PATH = 107

/**
 * Parses `IP:PORT`, `[IPv6]:PORT`, `localhost:PORT`, `:PORT` or `unix:/PATH`. Without a host it is the loopback, unlike
 * in other programs, where that means every address of the host: metrics have no password. An address that others can
 * reach is taken only with `allowRemote`; names other than localhost never, as they may change their meaning.
 * Error: BadInput.
 */
export function parseListenAddress(text: string, field: string, allowRemote = false): ListenAddress {
  if (text.startsWith('unix:')) return parsePath(text, field)
  const [, typed, digits] = /^(.*):([1-9][0-9]{0,4})$/s.exec(text) ?? []
  const port = Number(digits)
  const ip = typed === undefined || port > 65_535 ? undefined : hostOf(typed)
  if (ip === undefined) throw new BadInput(field, `${JSON.stringify(text)} is neither IP:PORT nor unix:/PATH.`, GOOD)
  if (!isLoopback(ip) && !allowRemote)
    throw new BadInput(
      field,
      `${text} can be reached by others than this host, and is not protected by a password; --allow-remote lets it be.`,
      GOOD,
    )
  const host = ip.text
  return { text: `${ip.family === 6 ? `[${host}]` : host}:${String(port)}`, host, port }
}

function parsePath(text: string, field: string): ListenAddress {
  const path = text.slice('unix:'.length)
  if (!/^\/[^\p{Cc}]*[^/\p{Cc}]$/u.test(path))
    throw new BadInput(field, `${JSON.stringify(text)} does not name a socket by its whole path.`, GOOD)
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new BadInput(field, `A socket's path has at most ${String(LONGEST_PATH)} bytes.`, GOOD)
  return { text: `unix:${path}`, path }
}

function hostOf(typed: string): IpAddress | undefined {
  if (typed === '' || typed === 'localhost') return parseIp('127.0.0.1', '')
  const inner = /^\[(.*)\]$/.exec(typed)?.[1]
  if (inner === undefined) return isIPv4(typed) ? parseIp(typed, '') : undefined
  return isIpv6(inner) ? parseIp(inner, '') : undefined
}

/** All of 127.0.0.0/8, and ::1. */
const isLoopback = ({ family, bits }: IpAddress): boolean => (family === 4 ? bits >> 24n === 127n : bits === 1n)
