// The containers that written expectations mean on this host.
import { addressesOf } from '../doctor/attachments-seen.ts'
import type { Patient } from '../doctor/patient.ts'
import { messageOf, OvsdError } from '../errors.ts'
import { containerEnd, isOneNamespace, type ContainerEnd, type End } from '../path/ends.ts'
import { describeTraffic } from '../path/question.ts'
import { fitsAny } from '../policy/glob.ts'
import type { Expectation, Judged } from './expectation.ts'
import type { Written } from './expectations-file.ts'
import { familiesOf, type Leg, type Lost } from './legs.ts'
import { FEW } from './derive.ts'
import { selectorText, type Selector } from './selector.ts'

/** What is to be tried, and what cannot be because nobody, or nothing that runs, is meant. */
export interface Resolved {
  readonly expectations: readonly Expectation[]
  readonly unmet: readonly Judged[]
}

interface Meant {
  readonly selector: Selector
  readonly ends: readonly End[]
  /** Why there are none. */
  readonly why?: string
}

/** Finds out who is meant by each expectation; a container is never expected to reach itself. */
export async function resolveWritten(
  patient: Patient,
  legs: readonly Leg[],
  written: readonly Written[],
): Promise<Resolved> {
  const resolved = await Promise.all(written.map((one) => resolveOne(patient, legs, one)))
  const expectations = resolved.flatMap((one) => one.expectations)
  const names = new Set(expectations.flatMap(({ from, to }) => [from.name, to.name]))
  return {
    unmet: resolved.flatMap(({ unmet }) => unmet),
    expectations:
      names.size > FEW
        ? expectations
        : expectations.map((one) => ({ ...one, row: one.from.name, column: one.to.name })),
  }
}

async function resolveOne(patient: Patient, legs: readonly Leg[], written: Written): Promise<Resolved> {
  const meantBy = (all: readonly Selector[]): Promise<readonly Meant[]> =>
    Promise.all(all.map((selector) => meant(patient, legs, selector)))
  const [from, to] = await Promise.all([meantBy(written.from), meantBy(written.to)])
  const expectations = from.flatMap((sender) => to.flatMap((receiver) => between(written, sender, receiver)))
  const nobody = [...from, ...to].filter(({ ends }) => ends.length === 0)
  const missing = nobody.map(({ why = '' }) => unmet(written, why))
  const onlyItself = nobody.length === 0 && expectations.length === 0
  return {
    expectations,
    unmet: onlyItself ? [unmet(written, 'nobody but the container itself is meant')] : missing,
  }
}

function between(written: Written, sender: Meant, receiver: Meant): readonly Expectation[] {
  const { line, reach, by, apart } = written
  const [row, column] = [selectorText(sender.selector), selectorText(receiver.selector)]
  const isBound = isByInterface(sender.selector)
  return sender.ends.flatMap((from) =>
    receiver.ends.flatMap((to) =>
      from.kind === 'address' || isItself(from, to)
        ? []
        : tried(from, to, reach).flatMap((end) =>
            by.map((traffic) => ({
              ...{ from, to: end, traffic, reach, why: `line ${String(line)}`, row, column, isBound },
              ...(apart === undefined ? {} : { apart }),
            })),
          ),
    ),
  )
}

/** Whether interfaces are meant, and not containers as a whole. */
const isByInterface = (selector: Selector): boolean =>
  selector.kind === 'network' ||
  selector.kind === 'tenant' ||
  (selector.kind === 'container' && selector.iface !== undefined)

const isItself = (from: ContainerEnd, to: End): boolean =>
  to.kind === 'container'
    ? isOneNamespace(from, to)
    : from.attachments.some((port) => addressesOf(port).some((text) => text.replace(/\/.*/, '') === to.ip.text))

/**
 * What must not be reached must not by any interface, nor by any IP version. To be reached by one of them is enough: services may listen
 * on one alone.
 */
function tried(from: ContainerEnd, to: End, reach: boolean): readonly End[] {
  if (to.kind === 'address' || reach) return [to]
  const mine = familiesOf(from.attachments)
  const all = to.attachments.flatMap((port) =>
    familiesOf([port])
      .filter((family) => mine.includes(family))
      .map((family) => ({ ...to, attachments: [port], family })),
  )
  return all.length === 0 ? [to] : all
}

const unmet = ({ line, reach, from, to, by }: Written, why: string): Judged => {
  const [senders, receivers] = [from, to].map((all) => all.map(selectorText).join(' ')) as [string, string]
  return {
    ...{ from: senders, to: receivers, address: null, by: by.map(describeTraffic).join(' ') },
    // No pair of them is in the table.
    ...{ row: '', column: '' },
    ...{ expected: reach ? 'reach' : 'deny', why: `line ${String(line)}`, status: 'unproven' },
    ...{ said: `Nobody can say that of line ${String(line)}: ${why}.`, cause: null, check: null, fix: [], ms: 0 },
  }
}

/** Whether it is about whoever there is, so that it counts who cannot be looked at. */
export const meansGroups = ({ from, to }: Written): boolean =>
  [...from, ...to].some(({ kind }) => kind === 'pattern' || kind === 'network' || kind === 'tenant')

/** What came of one that cannot be looked at. */
export const unseen = ({ name, why }: Lost): Judged => ({
  ...{
    from: name,
    to: 'anybody',
    address: null,
    by: 'icmp',
    row: '',
    column: '',
    expected: 'reach',
    why: 'it is attached',
  },
  ...{ status: 'unproven', said: `Nobody can say whom ${name} reaches: ${why}.` },
  ...{ cause: null, check: 'port.stale', fix: ['ovsd doctor --only=port,docker'], ms: 0 },
})

async function meant(patient: Patient, legs: readonly Leg[], selector: Selector): Promise<Meant> {
  switch (selector.kind) {
    case 'address':
      return { selector, ends: [{ kind: 'address', name: selector.ip.text, ip: selector.ip }] }
    case 'container':
      try {
        const end = await containerEnd(patient, selector.name, 'container')
        return { selector, ...byInterface(end, selector.iface) }
      } catch (error) {
        // What does not run keeps nobody from looking at the others.
        if (!(error instanceof OvsdError)) throw error
        return { selector, ends: [], why: messageOf(error).replace(/\.$/, '') }
      }
    case 'pattern':
      return some(
        selector,
        legs.filter(({ owner }) => fitsAny([selector.text], owner.name)).map(({ owner }) => owner),
      )
    case 'network':
      return some(
        selector,
        legs.filter(({ port }) => [port.marks.network, port.network?.title].includes(selector.name)).map(only),
      )
    case 'tenant':
      return some(selector, legs.filter(({ tenant }) => tenant === selector.name).map(only))
  }
}

function byInterface(end: ContainerEnd, iface: string | undefined): Omit<Meant, 'selector'> {
  if (iface === undefined) return { ends: [end] }
  const attachments = end.attachments.filter(({ marks }) => marks.iface === iface)
  return attachments.length > 0
    ? { ends: [{ ...end, attachments }] }
    : { ends: [], why: `ovsd has attached no ${iface} in ${end.name}` }
}

/** The container by that interface alone. */
const only = ({ owner, port }: Leg): ContainerEnd => ({ ...owner, attachments: [port] })

function some(selector: Selector, ends: readonly ContainerEnd[]): Meant {
  // A pattern means a container once, a network each of its interfaces.
  const unique = [
    ...new Map(
      ends.map((end) => [
        `${end.netns} ${end.attachments.length === 1 ? (end.attachments[0]?.subject ?? '') : ''}`,
        end,
      ]),
    ).values(),
  ]
  return {
    ...{ selector, ends: unique },
    ...(unique.length === 0 ? { why: `no container that runs here is meant by ${selectorText(selector)}` } : {}),
  }
}
