import type { Key } from '../labels/keys.ts'
import type { ExternalAddress } from '../net/external.ts'
import { fitsAny } from './glob.ts'
import type { Policy, Rule } from './policy.ts'
import { within } from './within.ts'
import { inWords } from './words.ts'

/** What of an external address the rule `external` forbids. */
export function judgeExternal(
  { rules: { external } }: Policy,
  wanted: ExternalAddress | undefined,
): readonly (readonly [Rule, Key, string | undefined])[] {
  if (wanted === undefined || external === true) return []
  if (external === false) return [['external', 'external_ip', 'external addresses are not allowed.']]
  const { ip, link } = wanted
  const { interfaces, subnets } = external
  const onAllowed = typeof interfaces === 'boolean' ? interfaces : fitsAny(interfaces, link)
  const said = (ok: boolean, what: string, allowed: typeof interfaces | typeof subnets): string | undefined =>
    ok ? undefined : `${what} is not allowed; allowed: ${inWords(allowed)}.`
  return [
    ['external', 'external_ip', said(within(subnets, ip, 32), ip.text, subnets)],
    ['external', 'external_interface', said(onAllowed, link, interfaces)],
  ]
}
