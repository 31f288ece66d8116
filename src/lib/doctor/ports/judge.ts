// What can be wrong with one port. The judges stand in the order of causes, and the first that finds something has the port: what
// follows from that is not looked at any more (docs/doctor.md, "One cause, one finding").
import type { AttachmentSeen } from '../attachments-seen.ts'
import type { Check, Trouble } from '../check.ts'
import { notHere, orOk } from '../check.ts'
import type { Patient } from '../patient.ts'
import { count } from '../words.ts'

/** Judges one port. */
export interface Judge extends Pick<Check, 'id' | 'title' | 'about'> {
  /** What is wrong with it, without the subject. */
  find(port: AttachmentSeen): Omit<Trouble, 'subject'> | undefined
}

/** Each port that something is wrong with, and the judge who has found it. */
type Verdicts = ReadonlyMap<AttachmentSeen, { readonly id: string; readonly trouble: Trouble }>

const verdicts = new WeakMap<Patient, Promise<Verdicts>>()

/** The checks that these judges are, in the same order. `needs` are those of all. */
export function checksOf(judges: readonly Judge[], needs: readonly string[]): readonly Check[] {
  const judged = async (patient: Patient): Promise<Verdicts> => {
    const { all } = await patient.attachments()
    return new Map(
      all.flatMap((port) => {
        for (const judge of judges) {
          const found = judge.find(port)
          if (found !== undefined)
            return [[port, { id: judge.id, trouble: { ...found, subject: port.subject } }] as const]
        }
        return []
      }),
    )
  }
  const of = (patient: Patient): Promise<Verdicts> => {
    const made = verdicts.get(patient) ?? judged(patient)
    verdicts.set(patient, made)
    return made
  }
  return judges.map(({ id, title, about }) => ({
    ...{ id, title, about, needs },
    run: async (patient) => {
      const { all } = await patient.attachments()
      if (all.length === 0) return notHere('ovsd has attached nothing to this host')
      const mine = [...(await of(patient)).values()].filter((one) => one.id === id).map(({ trouble }) => trouble)
      return orOk(mine, seenOf(all))
    },
  }))
}

/** How many there are; and of how many nobody could see the inside, which has to be said where all seems well. */
function seenOf(all: readonly AttachmentSeen[]): string {
  const hidden = all.filter(({ interfaces, life }) => interfaces === undefined && life.reason === undefined)
  const sum = count(all.length, 'port')
  const why = [...new Set(hidden.map(({ life }) => life.unknown ?? 'their network namespaces could not be entered'))]
  return hidden.length === 0
    ? sum
    : `${sum}, ${String(hidden.length)} of ${String(all.length)} not looked into: ${why.join('; ')}`
}
