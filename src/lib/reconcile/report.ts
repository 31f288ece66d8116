import type { OvsdError } from '../errors.ts'
import type { AttachResult } from '../plan/attach-result.ts'
import type { Refusal } from './desired.ts'

/** Which container something is about. */
export interface Who {
  readonly id: string
  /** The id's beginning, when the name is not known any more. */
  readonly name: string
}

/** What a port that was removed was. */
export interface Removed {
  readonly iface: string
  readonly bridge: string
  readonly port: string
  readonly why: string
}

/** Is told what the reconciler does, to log and to count it. It never decides anything. */
export interface Report {
  /** `ms` from when it was first heard of until it could be used. */
  attached(who: Who, result: AttachResult, ms: number): void
  repaired(who: Who, result: AttachResult, what: readonly string[]): void
  detached(who: Who, removed: readonly Removed[]): void
  /** What is wanted cannot be had: told once, and again when the reason changes. */
  refused(who: Who, iface: string, refusal: Refusal): void
  /** It is had now, or not wanted any more. */
  allowed(who: Who, iface: string): void
  failed(who: Who, iface: string, error: OvsdError): void
  /** The commands of a plan that is not carried out (--dry-run). */
  wouldRun(who: Who, title: string, commands: readonly string[]): void
}
