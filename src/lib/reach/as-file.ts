import { addressesOf } from '../doctor/attachments-seen.ts'
import { describeTraffic } from '../path/question.ts'
import { plainLine } from '../ui/plain-text.ts'
import type { ContainerEnd, End } from '../path/ends.ts'
import type { Expectation } from './expectation.ts'
import type { Leg } from './legs.ts'

/**
 * The expectations as a file that `ovsd check -f` reads. A container is meant by its name, with the interface where it has several; what
 * should be reached by IPv6 as well, by that address.
 */
export function asFile(all: readonly Expectation[], legs: readonly Leg[]): string {
  const lines = (reach: boolean): readonly string[] => {
    const some = all.filter((one) => one.reach === reach)
    const written = some.map(({ from, to, traffic, why, apart, isBound = false }) => {
      const receiver = quoted(wordFor(to, legs, reach))
      return `  - { from: ${quoted(senderFor(from, isBound))}, to: ${receiver}, by: ${describeTraffic(traffic)}${apart === undefined ? '' : `, apart: ${apart}`} } # ${plainLine(why)}`
    })
    return [...new Set(written)]
  }
  const [reach, deny] = [lines(true), lines(false)]
  return [
    ...(reach.length > 0 ? ['reach:', ...reach] : []),
    ...(deny.length > 0 ? ['deny:', ...deny] : []),
    ...(reach.length + deny.length === 0 ? ['# Nothing goes without saying here.'] : []),
  ].join('\n')
}

function senderFor({ name, attachments }: ContainerEnd, isBound: boolean): string {
  const [port, ...more] = attachments
  return isBound && port !== undefined && more.length === 0 ? `${name}:${port.marks.iface}` : name
}

function wordFor(to: End, legs: readonly Leg[], reach: boolean): string {
  if (to.kind === 'address') return to.name
  const own = legs.filter(({ owner }) => owner.netns === to.netns)
  const [leg] = own.filter(({ port }) => to.attachments.includes(port))
  if (leg === undefined) return to.name
  const six = addressesOf(leg.port).find((text) => text.includes(':'))
  if (reach && to.family === 6 && six !== undefined) return six.replace(/\/.*/, '')
  return own.length === 1 ? to.name : `${to.name}:${leg.port.marks.iface}`
}

/** Words that YAML would take for something else than text, and those with signs in them, stand in quotes. */
const quoted = (word: string): string =>
  /^[A-Za-z][\w.-]*$/.test(word) && !/^(null|true|false|yes|no|on|off)$/i.test(word) ? word : JSON.stringify(word)
