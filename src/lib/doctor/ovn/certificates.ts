import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import { notHere, orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

const DAY_MS = 86_400_000
/** Before this many days are over somebody should have renewed it. */
const SOON_DAYS = 30

export const certificates: Check = {
  id: 'ovn.certificates',
  title: 'the certificates of Open vSwitch and OVN are valid',
  about:
    'ovs-vsctl set-ssl names the key, the certificate and the CA that this host shows and trusts. When one has expired, central refuses this host, or this host refuses central.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const { tls } = await patient.localOvn()
    if (tls === undefined) return notHere('no TLS is set up')
    const files = [tls.certificate, tls.caCert].filter((path) => path !== '')
    return orOk(
      files.flatMap((path) => examine(path)),
      files.join(', '),
    )
  },
}

function examine(path: string): readonly Trouble[] {
  const renew = typed(
    `openssl x509 -noout -subject -dates -in ${path}`,
    `# then renew it, and: ovs-vsctl set-ssl KEY CERT CA`,
  )
  let until: Date
  try {
    until = new Date(new X509Certificate(readFileSync(path)).validTo)
  } catch (error) {
    return [
      {
        ...{ level: 'fail', subject: path, said: `The certificate ${path} cannot be read: ${messageOf(error)}.` },
        evidence: ['ovs-vsctl get-ssl'],
        fix: renew,
      },
    ]
  }
  const days = Math.floor((until.getTime() - Date.now()) / DAY_MS)
  if (days >= SOON_DAYS) return []
  return [
    {
      ...{ level: days < 0 ? 'fail' : 'warn', subject: path },
      said:
        days < 0 ? `The certificate ${path} has expired.` : `The certificate ${path} expires in ${String(days)} days.`,
      evidence: [`not after ${until.toISOString()}`],
      fix: renew,
    },
  ]
}
