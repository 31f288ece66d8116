// What two ports of one segment must not have both.
import { segment } from '../../attach/taken.ts'
import { insideOf, type AttachmentSeen } from '../attachments-seen.ts'
import { notHere, orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'
import type { Patient } from '../patient.ts'

/** What is compared of a port: its real values where somebody could look inside, else those that were recorded. */
type Values = (port: AttachmentSeen) => readonly string[]

const addresses: Values = (port) =>
  (insideOf(port)?.addresses ?? port.marks.spec?.addresses ?? []).map((one) => one.replace(/\/.*/, ''))

const macs: Values = (port) => [insideOf(port)?.mac ?? port.marks.spec?.mac ?? ''].filter((one) => one !== '')

/** The segment of a port: bridge and VLAN; a logical port is in its network. */
function placeOf({ where, marks }: AttachmentSeen): string {
  const isLogical = where.interface.externalIds['iface-id'] !== undefined
  return isLogical ? `network ${marks.network}` : `${where.bridge.name} VLAN ${String(segment(where.port.vlan))}`
}

const twice = (check: Pick<Check, 'id' | 'title' | 'about'>, what: string, values: Values): Check => ({
  ...check,
  needs: ['ovs.vswitchd'],
  run: async (patient: Patient) => {
    const { all } = await patient.attachments()
    const living = all.filter(({ life, link }) => life.reason === undefined && link !== undefined)
    if (living.length === 0) return notHere('ovsd has attached nothing to this host')
    const holders = new Map<string, AttachmentSeen[]>()
    for (const port of living)
      for (const value of values(port)) {
        const key = `${placeOf(port)}\0${value}`
        holders.set(key, [...(holders.get(key) ?? []), port])
      }
    const troubles = [...holders].flatMap(([key, ports]): Trouble[] => {
      const [place = '', value = ''] = key.split('\0')
      if (ports.length < 2) return []
      const [first, second] = ports
      return [
        {
          ...{ level: 'fail', subject: second?.subject ?? '' },
          said: `The ${what} ${value} is there twice on ${place}: ${first?.subject ?? ''} has it too.`,
          evidence: ports.map(
            (one) =>
              `nsenter --net=${one.life.path ?? '?'} ip address show dev ${one.marks.iface}: ${values(one).join(', ')}`,
          ),
          fix: typed(
            `# Give one of them another ${what}, or detach it: ovsd del-port ${second?.where.bridge.name ?? ''} ${second?.marks.iface ?? ''} ${second?.life.name ?? ''}`,
          ),
        },
      ]
    })
    return orOk(troubles, `each ${what} once`)
  },
})

export const addressTwice = twice(
  {
    id: 'port.address-twice',
    title: 'no address is there twice on a segment',
    about:
      'Two containers on one bridge and VLAN answer for the same address: neighbours reach the one or the other, as luck has it, and connections break when it changes.',
  },
  'address',
  addresses,
)

export const macTwice = twice(
  {
    id: 'port.mac-twice',
    title: 'no MAC is there twice on a segment',
    about: 'A switch learns by MAC. When two ports have the same one, frames for both go to whoever sent last.',
  },
  'MAC',
  macs,
)
