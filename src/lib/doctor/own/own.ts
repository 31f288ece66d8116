// What belongs to ovsd itself: its policy, its store, its daemons.
import { loadPolicy } from '../../policy/read-policy.ts'
import { DEFAULT_BRIDGE } from '../../network/spec.ts'
import { checkState, type FindingState } from '../../state/check.ts'
import { messageOf, OvsdError } from '../../errors.ts'
import { ok, orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

export const policy: Check = {
  id: 'own.policy',
  title: 'the policy file can be used',
  about:
    'ovsd watch confines what labels and Docker networks may ask for to what the policy file allows. A file that cannot be read, that others can write, or that is wrong keeps it from starting.',
  needs: [],
  run: async ({ own }) => {
    try {
      const { source } = await loadPolicy(await own.policyFile(), DEFAULT_BRIDGE)
      return ok(source)
    } catch (error) {
      if (!(error instanceof OvsdError)) throw error
      return [
        {
          ...{ level: 'fail', subject: 'policy', said: messageOf(error) },
          evidence: [`ovsd policy check: ${error.code}`],
          fix: typed(`# ${error.next ?? 'ovsd policy check'}`),
        },
      ]
    }
  },
}

/** Kinds of findings of `state check` that are about the file alone. */
const OF_FILES: readonly FindingState[] = ['damaged', 'version', 'unsafe', 'open']
/** Those that compare it with the database; that a record there cannot be used is said by network.record. */
const COMPARED: readonly FindingState[] = ['differs', 'missing', 'replaced', 'unkept', 'orphan']

const ofStore = (
  check: Pick<Check, 'id' | 'title' | 'about' | 'needs'>,
  isMine: (state: FindingState) => boolean,
): Check => ({
  ...check,
  run: async ({ host, own }) => {
    const { findings, exists, folder } = await checkState(host, own.store)
    if (!exists && findings.length === 0) return ok(`there is no store in ${folder} yet`)
    const troubles = findings
      .filter(({ wrong, state }) => wrong && isMine(state))
      .map(({ file, network, message, next, state }): Trouble => ({
        ...{ level: 'fail', subject: file ?? network ?? folder },
        said: `${network === null ? (file ?? folder) : `The network ${network}`} is ${state}${message === null ? '' : `: ${message.replace(/\.$/, '')}`}.`,
        evidence: [`ovsd state check: ${file ?? network ?? folder} ${state}`],
        fix: typed(...(state === 'missing' ? ['ovsd state import'] : []), `# ${next ?? 'ovsd state check'}`),
      }))
    return orOk(troubles, folder)
  },
})

export const store = ofStore(
  {
    id: 'own.store',
    title: 'the files of the store are whole',
    about:
      'The store keeps copies of what only Docker told ovsd and what the database might lose, each with a checksum. A file that is damaged is not used; its backup is.',
    needs: ['ovs.database'],
  },
  (state) => OF_FILES.includes(state),
)

export const drift = ofStore(
  {
    id: 'own.drift',
    title: 'the store and the database say the same',
    about:
      'What the database has lost (it was emptied, or restored from an older backup) is still in the store, and comes back with ovsd state import. What the store does not have yet, ovsd watch writes.',
    needs: ['own.store'],
  },
  (state) => COMPARED.includes(state),
)
