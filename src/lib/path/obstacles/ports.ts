// What is wrong with a port by itself.
import { insideOf, type AttachmentSeen } from '../../doctor/attachments-seen.ts'
import type { Trouble } from '../../doctor/check.ts'
import { JUDGES } from '../../doctor/ports/judges.ts'
import { quote } from '../../system/command.ts'
import type { Case, Obstacle } from '../case.ts'
import type { Way } from '../way.ts'

/** What a judge of doctor finds that keeps small packets back; the routes of a port count only for what goes by them. */
export function troubleOf(port: AttachmentSeen | undefined, way: Way | undefined): Obstacle | undefined {
  if (port === undefined) return undefined
  for (const judge of JUDGES) {
    if (HARMLESS.includes(judge.id) || (way?.via === undefined && judge.id.endsWith('route'))) continue
    const found = judge.find(port)
    if (found !== undefined) return asObstacle(judge.id, { ...found, subject: port.subject })
  }
  return undefined
}

/** Findings about ports with which small packets may pass all the same. */
const HARMLESS: readonly string[] = [
  ...['port.mtu', 'port.mtu-tunnel', 'port.mac-changed'],
  // What nobody knows of a port, and an address that will not be renewed, keep no packet back.
  ...['port.marks', 'port.dhcp'],
  // Compared with the other end below, and looked at for the address that is meant.
  ...['port.vlan', 'port.untagged', 'port.address-gone', 'port.duplicate'],
]

const asObstacle = (check: string, { said, subject, fix }: Trouble): Obstacle => ({
  ...{ cause: 'port', check, fix: fix.lines },
  said: `${lowerFirst(said).replace(/\.$/, '')} (${subject})`,
})

const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text

/** The address that is sent to is not inside any more. */
export function addressMissing({ b, pair: { destination } }: Case): Obstacle | undefined {
  const { port, address } = destination
  const inside = port === undefined ? undefined : insideOf(port)
  if (inside === undefined || port === undefined) return undefined
  const has = [...inside.addresses, ...inside.linkLocal].some((one) => one.replace(/\/.*/, '') === address)
  const full = (port.marks.spec?.addresses ?? []).find((one) => one.replace(/\/.*/, '') === address)
  return has || full === undefined
    ? undefined
    : {
        ...{ cause: 'port', check: 'port.address-gone' },
        said: `${full} is missing on ${inside.name} inside ${b.name}`,
        fix: [`nsenter --net=${port.life.path ?? ''} ip address add ${quote(full)} dev ${quote(inside.name)}`],
      }
}
