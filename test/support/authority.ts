// Certificates for tests, made by openssl(1).
import { tool } from './tool.ts'

/** A certificate authority in a folder, and what it signs. */
export function authority(folder: string, name: string) {
  const at = (file: string) => `${folder}/${file}`
  const ssl = (...words: string[]) => tool('openssl', ...words)
  const ca = at(`${name}.pem`)
  ssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    at(`${name}.key`),
    '-out',
    ca,
  )
  return {
    ca,
    /** Three options for a member; with `days` 0 its certificate has ended already. */
    member: (who: string, days = 2): { readonly key: string; readonly cert: string } => {
      const [key, request, cert] = [at(`${name}-${who}.key`), at(`${name}-${who}.csr`), at(`${name}-${who}.pem`)]
      ssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${who}`, '-keyout', key, '-out', request)
      const serial = String(Math.floor(Math.random() * 1e9))
      ssl(
        'x509',
        '-req',
        '-in',
        request,
        '-CA',
        ca,
        '-CAkey',
        at(`${name}.key`),
        '-set_serial',
        serial,
        '-days',
        String(days),
        '-out',
        cert,
      )
      return { key, cert }
    },
  }
}
