import type { OvnStatus } from '../../ovn/status.ts'
import { notHere, type Check, type Finding } from '../check.ts'
import type { Patient } from '../patient.ts'

type CloudKnown = OvnStatus & { readonly cloud: NonNullable<OvnStatus['cloud']> }

const NO_PART = 'this host takes no part in OVN'

/** A check of what this host knows of OVN; skipped on hosts that have nothing to do with it. */
export const ofOvn = (
  check: Pick<Check, 'id' | 'title' | 'about' | 'needs'>,
  find: (status: OvnStatus, patient: Patient) => readonly Finding[] | Promise<readonly Finding[]>,
): Check => ({
  ...check,
  run: async (patient) => {
    const status = await patient.ovn()
    return status === undefined ? notHere(NO_PART) : await find(status, patient)
  },
})

/** One of what central's databases hold: it needs ovn.central, which says when they do not answer. */
export const ofCloud = (
  check: Pick<Check, 'id' | 'title' | 'about'> & { readonly needs?: readonly string[] },
  find: (status: CloudKnown, patient: Patient) => readonly Finding[] | Promise<readonly Finding[]>,
): Check =>
  ofOvn({ ...check, needs: ['ovn.central', ...(check.needs ?? [])] }, (status, patient) =>
    status.cloud === undefined
      ? notHere('central could not be asked')
      : find({ ...status, cloud: status.cloud }, patient),
  )
