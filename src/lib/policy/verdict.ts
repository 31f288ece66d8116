import type { Wish } from '../labels/wishes.ts'
import type { Violation } from './judge.ts'

/** What becomes of one interface that labels ask for. */
export interface Verdict {
  /** Empty when a label does not say which interface it is about. */
  readonly interface: string
  /** Empty when it is refused by its labels, or not known. */
  readonly bridge: string
  readonly allowed: boolean
  /** Rules that it breaks. */
  readonly violations: readonly Violation[]
  /** What is wrong with the labels themselves; null when they are well. */
  readonly refusal: {
    readonly code: string
    readonly message: string
    readonly next: string | null
    readonly label: string
  } | null
}

/** The verdict on a wish, from the rules that it breaks. */
export function verdictOn(wish: Wish, violations: readonly Violation[]): Verdict {
  if (wish.kind === 'refused') {
    const { code, message, label, next = null } = wish.refusal
    return {
      interface: wish.iface,
      bridge: '',
      allowed: false,
      violations: [],
      refusal: { code, message, next, label },
    }
  }
  const { iface, request, network } = wish
  // Only the network knows, and nobody could look it up.
  const bridge = network !== undefined && network.found === undefined ? '' : request.bridge
  return { interface: iface, bridge, allowed: violations.length === 0, violations, refusal: null }
}
