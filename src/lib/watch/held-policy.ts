import { OvsdError } from '../errors.ts'
import type { Policy } from '../policy/policy.ts'
import { loadPolicy } from '../policy/read-policy.ts'
import type { Log } from './log.ts'

/** The policy of a daemon, which can be read again. */
export class HeldPolicy {
  readonly #setting: string | undefined
  readonly #bridge: string
  readonly #log: Log
  #policy: Policy

  /** Of a setting (read-policy.ts). `bridge`: the default one of labels. Errors: those of loadPolicy. */
  static async load(setting: string | undefined, bridge: string, log: Log): Promise<HeldPolicy> {
    return new HeldPolicy(await loadPolicy(setting, bridge), setting, bridge, log)
  }

  private constructor(policy: Policy, setting: string | undefined, bridge: string, log: Log) {
    this.#policy = policy
    this.#setting = setting
    this.#bridge = bridge
    this.#log = log
  }

  /** As it is now. */
  get now(): Policy {
    return this.#policy
  }

  /** Reads it again, and says whether it could; one that cannot be read changes nothing. */
  async reload(): Promise<boolean> {
    try {
      this.#policy = await loadPolicy(this.#setting, this.#bridge, this.#policy)
      this.#log.info('policy.loaded', `The policy was read again: ${this.#policy.source}`)
      return true
    } catch (error) {
      if (!(error instanceof OvsdError)) throw error
      this.#log.error('policy.kept', `${error.message} The policy stays as it was.`, { code: error.code })
      return false
    }
  }
}
