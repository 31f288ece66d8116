// What a check is, and what it can find. A finding that something is wrong does not compile without a way to mend it.
import type { Host } from '../host.ts'
import type { Prepared } from '../plan/prepared.ts'
import type { Patient } from './patient.ts'

/** One thing that can be wrong with a host, looked at by itself. */
export interface Check {
  /** Area and what: `port.mtu`. Permanent: scripts name checks by it. */
  readonly id: string
  /** What has to be so, in a few words. */
  readonly title: string
  /** Why it matters, and what the findings mean, for `doctor explain`; paragraphs. */
  readonly about: string
  /** Checks without which this one says nothing: it is skipped when one of them fails. */
  readonly needs: readonly string[]
  /** Looks; changes nothing. An OvsdError that it throws is a failure of its own. */
  run(patient: Patient): Promise<readonly Finding[]>
}

export type Level = 'ok' | 'warn' | 'fail' | 'skipped'

export type Finding = Sound | Trouble

/** All is well, with what was seen; or there is nothing to look at, with why. */
export interface Sound {
  readonly level: 'ok' | 'skipped'
  readonly said: string
}

/** Something is wrong. `warn` works, and will not for long or not for all; `fail` does not work. */
export interface Trouble {
  readonly level: 'warn' | 'fail'
  /** What it is about: "port 12ab…_l", "bridge br0"; '' for the host. */
  readonly subject: string
  /** The cause, in one sentence. */
  readonly said: string
  /** What was seen, a line each. */
  readonly evidence: readonly string[]
  readonly fix: Fix
}

/** What mends it. */
export interface Fix {
  /** Lines for a shell; a comment (`# …`) where words are all there is. */
  readonly lines: readonly string[]
  /** Plans the same; only for what --fix may do by itself (docs/doctor.md, "What a fix may do"). */
  readonly safe?: (host: Host) => Promise<Prepared<object>>
}

export const ok = (said: string): readonly Sound[] => [{ level: 'ok', said }]

/** There is nothing here that it could look at. */
export const notHere = (said: string): readonly Sound[] => [{ level: 'skipped', said }]

/** What was found wrong; else that all is well. */
export const orOk = (troubles: readonly Trouble[], said: string): readonly Finding[] =>
  troubles.length === 0 ? ok(said) : troubles
