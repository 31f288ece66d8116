// Connections as `ssl:` means them: both ends show a certificate, and each wants the other's to be signed by a given authority.
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { OvsdError } from '../errors.ts'

/** The three files that the tools take as --private-key, --certificate and --ca-cert (ovn-nbctl(8), "PKI Options"). */
export interface TlsFiles {
  readonly privateKey: string
  readonly certificate: string
  readonly caCert: string
}

/** The files as arguments of the tools. */
export const tlsArguments = ({ privateKey, certificate, caCert }: TlsFiles): readonly string[] => [
  `--private-key=${privateKey}`,
  `--certificate=${certificate}`,
  `--ca-cert=${caCert}`,
]

/** Opens a connection with the files as they are now: they may have been renewed. Error: TlsFileUnusable. */
export function dialTls(host: string, port: number, files: TlsFiles): Socket {
  // Loading it takes milliseconds that only who uses it should pay.
  const tls = process.getBuiltinModule('node:tls')
  const [key, cert, ca] = [files.privateKey, files.certificate, files.caCert].map(contentOf)
  try {
    return tls.connect({
      ...{ host, port, key, cert, ca },
      // Certificates of ovs-pki(8) carry the name of a switch, not that of a host; Open vSwitch does not compare either.
      checkServerIdentity: () => undefined,
    })
  } catch (error) {
    throw unusable(files.privateKey, `together with ${files.certificate} and ${files.caCert}`, error)
  }
}

/** Whether the files can be read at all, before anything is changed. Error: TlsFileUnusable. */
export function requireTlsFiles({ privateKey, certificate, caCert }: TlsFiles): void {
  for (const path of [privateKey, certificate, caCert]) contentOf(path)
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw unusable(path, '', error)
  }
}

const unusable = (path: string, how: string, cause: unknown): OvsdError =>
  new OvsdError(
    'TlsFileUnusable',
    `The file ${path} cannot be used${how === '' ? '' : ` ${how}`}: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
      next: 'Name others with --private-key, --certificate and --ca-cert, or set those of this host: ovs-vsctl set-ssl KEY CERTIFICATE CA',
    },
  )
