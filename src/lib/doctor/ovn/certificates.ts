import { createPrivateKey, X509Certificate } from 'node:crypto'
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
    'ovs-vsctl set-ssl names the key, the certificate and the CA that this host shows and trusts. When one has expired, is not valid yet, or is not of that key, central refuses this host, or this host refuses central.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const { tls } = await patient.localOvn()
    if (tls === undefined) return notHere('no TLS is set up')
    const files = [tls.certificate, tls.caCert].filter((path) => path !== '')
    const found = files.flatMap((path) => examine(path))
    // Of a certificate that cannot be read nobody can say whose key it is of.
    const isReadable = found.every(({ level }) => level !== 'fail')
    return orOk(isReadable ? [...found, ...compare(tls.certificate, tls.privateKey)] : found, files.join(', '))
  },
}

function examine(path: string): readonly Trouble[] {
  const renew = typed(
    `openssl x509 -noout -subject -dates -in ${path}`,
    `# then renew it, and: ovs-vsctl set-ssl KEY CERT CA`,
  )
  let [from, until] = [new Date(0), new Date(0)]
  try {
    const { validFrom, validTo } = new X509Certificate(readFileSync(path))
    ;[from, until] = [new Date(validFrom), new Date(validTo)]
  } catch (error) {
    return [
      {
        ...{ level: 'fail', subject: path, said: `The certificate ${path} cannot be read: ${messageOf(error)}.` },
        evidence: [`ovs-vsctl get-ssl: ${path}`],
        fix: renew,
      },
    ]
  }
  const now = Date.now()
  const dates = [`openssl x509 -noout -dates -in ${path}: from ${from.toISOString()} until ${until.toISOString()}`]
  if (from.getTime() > now)
    return [
      {
        ...{ level: 'fail', subject: path, evidence: [...dates, `date: ${new Date(now).toISOString()}`] },
        said: `The certificate ${path} is not valid yet: it begins on ${from.toISOString().slice(0, 10)}, or the clock of this host is wrong.`,
        fix: typed('timedatectl', ...renew.lines),
      },
    ]
  const days = Math.floor((until.getTime() - now) / DAY_MS)
  if (days >= SOON_DAYS) return []
  return [
    {
      ...{ level: days < 0 ? 'fail' : 'warn', subject: path },
      said:
        days < 0 ? `The certificate ${path} has expired.` : `The certificate ${path} expires in ${String(days)} days.`,
      evidence: dates,
      fix: renew,
    },
  ]
}

/** A key that is not that of the certificate: each connection ends before it begins. */
function compare(certificate: string, privateKey: string): readonly Trouble[] {
  const trouble = (said: string, seen: string): readonly Trouble[] => [
    {
      ...{
        level: 'fail',
        subject: privateKey,
        said,
        evidence: [`ovs-vsctl get-ssl: ${privateKey}, ${certificate}`, seen],
      },
      fix: typed(
        `openssl x509 -noout -pubkey -in ${certificate}`,
        `openssl pkey -pubout -in ${privateKey}`,
        '# the two have to be the same: ovs-vsctl set-ssl KEY CERT CA',
      ),
    },
  ]
  if (certificate === '' || privateKey === '') return []
  try {
    const isItsKey = new X509Certificate(readFileSync(certificate)).checkPrivateKey(
      createPrivateKey(readFileSync(privateKey)),
    )
    if (isItsKey) return []
  } catch (error) {
    return trouble(`The private key ${privateKey} cannot be read: ${messageOf(error)}.`, messageOf(error))
  }
  return trouble(
    `The private key ${privateKey} is not that of the certificate ${certificate}: no connection with TLS comes about.`,
    `openssl pkey -pubout -in ${privateKey}: another key than openssl x509 -noout -pubkey -in ${certificate}`,
  )
}
