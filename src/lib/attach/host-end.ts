import type { HostEnd } from '../net/ip-json.ts'
import type { Spec } from './marks.ts'

/** What is wrong with the host's end of a pair, in words; nothing is said of one that is missing. */
export function hostEndFaults(name: string, end: HostEnd | undefined, spec: Spec | undefined): readonly string[] {
  if (end === undefined) return []
  const mtu = spec?.mtu ?? end.mtu
  return [
    ...(end.up ? [] : [`${name} is down`]),
    ...(end.mtu === mtu ? [] : [`MTU of ${name} is ${String(end.mtu)}, not ${String(mtu)}`]),
  ]
}
