import { readFilter, rewriteFilter, type Filter } from '../../attach/external-filter.ts'
import type { Leg } from '../../attach/external-leg.ts'
import { forwards } from '../../attach/external-forwarding.ts'
import type { Host } from '../../host.ts'
import { changedFilter, changePassages, forwarding, withoutPassages, withPassage } from '../external-passages.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Lets a leg through, and nothing else. First of all: what follows opens nothing that is not guarded, and a run that is
 * killed leaves its record. `now` is the filter as it was looked at, for showing the commands.
 */
export function externalFilter(host: Host, leg: Leg, now: Filter | undefined): ReversibleStep {
  const { ip, link, end } = leg
  return {
    id: 'external.filter',
    title: `Let ${ip}, and nothing else, through between ${link} and ${end}`,
    leaves: `nftables rules for ${ip} on ${link}`,
    commands() {
      const next = changedFilter(link, now, withPassage(leg))
      return [
        ...(next === undefined ? [] : [rewriteFilter(link, next)]),
        ...(forwards(link) === false ? [forwarding(link, true)] : []),
      ]
    },
    async isDone(signal) {
      const filter = await readFilter(host.run, link, signal)
      return filter?.passages.some((one) => one.end === end && one.ip === ip) === true && forwards(link) === true
    },
    apply: (signal) => changePassages(host, link, withPassage(leg), signal),
    undo: (signal) => changePassages(host, link, withoutPassages(new Set([end])), signal),
  }
}
