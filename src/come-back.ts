import type { DetachResult } from './lib/plan/detach-port.ts'
import { isDryRun, type Outcome } from './lib/run/session.ts'
import { plainText } from './lib/ui/plain-text.ts'

/** What is to be said after something was detached that labels ask for; undefined for all else. */
export function comeBack(outcome: Outcome<Pick<DetachResult, 'askedByLabels' | 'container'>>): string | undefined {
  if (isDryRun(outcome) || outcome.askedByLabels.length === 0) return undefined
  const { askedByLabels: interfaces, container } = outcome
  const [them, are] = interfaces.length === 1 ? ['it', 'it is'] : ['them', 'they are']
  const names = plainText(interfaces.join(', '))
  return `labels of ${container} ask for ${names}: where ovsd watch runs and its policy allows it, ${are} attached again. To be without ${them}, create the container anew without these labels.`
}
