import { strayRules } from '../plan/stray-rules.ts'
import { seldom } from './seldom.ts'
import type { Chore } from './upkeep.ts'

/**
 * Rules of the host's firewall that outlived their networks: a NIC by which the host hears nothing, forwarding that was
 * opened and never closed. Errors: CommandFailed, DatabaseUnreachable.
 */
export const unwantedRules: Chore = async (host, signal) => {
  // They are of the networks of the host's own database.
  if (!host.isDefaultDatabase) return []
  return (await strayRules(host, signal)).map(({ name, reason }) => ({
    ...{ about: name, why: [reason] },
    async plan(limit) {
      // A network may have been made since, which wants them.
      const now = (await strayRules(host, limit)).find((one) => one.name === name)
      if (now === undefined) return undefined
      return { onFailure: 'unwind', title: `Remove ${name}: ${reason}`, stages: [[await now.step()]] }
    },
  }))
}

/** The same with one process a minute: nothing in the database tells of them. */
export const unwantedRulesSeldom: Chore = seldom(unwantedRules)
