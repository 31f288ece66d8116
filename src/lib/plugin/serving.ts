import { once } from 'node:events'
import type { Server } from 'node:http'
import type { OvsdError } from '../errors.ts'
import type { Changes } from '../ovs/replica-changes.ts'
import { seldom } from '../reconcile/seldom.ts'
import { withTimeout } from '../run/session.ts'
import type { Store } from '../state/store.ts'
import { requirePrivileges } from '../system/privileges.ts'
import { requireTools } from '../system/runner.ts'
import type { Chores } from '../watch/chores.ts'
import type { Companion } from '../watch/companion.ts'
import type { Ground } from '../watch/ground.ts'
import type { ListenAddress } from '../watch/listen-address.ts'
import type { HeldPolicy } from '../watch/held-policy.ts'
import type { Log } from '../watch/log.ts'
import { AutoCentral } from './auto-central.ts'
import { deadEndpoints } from './dead-endpoints.ts'
import { dhcpEndpoints } from './dhcp-endpoints.ts'
import { Driver } from './driver.ts'
import { forgottenNetworks } from './forgotten-networks.ts'
import { Ipam } from './ipam/ipam.ts'
import { Pools } from './ipam/pools.ts'
import { lateNetworks } from './late-networks.ts'
import { Learner } from './learner.ts'
import { leftEndpoints } from './left-endpoints.ts'
import { leftPairs } from './left-pairs.ts'
import { LostEndpoints } from './lost-endpoints.ts'
import { methodsOf } from './methods.ts'
import type { Methods } from './router.ts'
import { pluginServer } from './server.ts'
import { Pairs } from './pairs.ts'
import { openSocket } from './socket.ts'
import { driverState } from './state.ts'
import { unkeptNetworks } from './unkept-networks.ts'
import { Unpublished } from './unpublished.ts'
import { Work } from './work.ts'

export interface ServingOptions {
  readonly log: Log
  readonly store: Store
  /** Of the program. */
  readonly version: string
  /** Most time that learning one thing may take, in seconds. */
  readonly timeoutSeconds: number
  /** Only networks on OVN are made for Docker. */
  readonly requireOvn: boolean
  /** Over the networks that are. */
  readonly policy: HeldPolicy
}

/** The driver at its socket, and what is learnt after its calls. Who has it as a companion looks after networks. */
export class Serving implements Companion, AsyncDisposable {
  readonly chores: Chores
  readonly meanwhile = 'calls of Docker fail, and nothing is changed meanwhile'
  readonly #server: Server
  readonly #learner: Learner
  readonly #pairs: Pairs
  readonly #lost: LostEndpoints
  readonly #central = new AutoCentral()
  readonly #stop = new AbortController()
  #stopped: Promise<void> | undefined

  /** Serves nothing before `listen`. */
  constructor({ log, store, version, timeoutSeconds, requireOvn, policy }: ServingOptions, { host, lock }: Ground) {
    const work = new Work(host, lock)
    this.#pairs = new Pairs({ host, work, log })
    this.#lost = new LostEndpoints(this.#pairs)
    this.chores = {
      networks: [this.#central.chore, lateNetworks(store), unkeptNetworks(store), seldom(forgottenNetworks(store))],
      ports: [this.#lost.chore, deadEndpoints, leftEndpoints(), leftPairs(), dhcpEndpoints],
    }
    const limit = (): AbortSignal => withTimeout(this.#stop.signal, timeoutSeconds)
    const unpublished = new Unpublished(log)
    this.#learner = new Learner({ host, work, log, unpublished, limit })
    const pools = new Pools()
    const driver = new Driver({ host, store, work, pools, pairs: this.#pairs, unpublished, log, requireOvn, policy })
    const methods = methodsOf(driver, new Ipam(host, pools))
    this.#server = pluginServer({
      methods: endedBy(this.#stop.signal, methods),
      log,
      state: (calls) => driverState(host, version, calls, pools),
    })
  }

  /** Serves from here on, at a path or at the socket that was passed on. Errors: NotPermitted, ToolMissing, ListenFailed. */
  async listen(socket: ListenAddress, passedOn: boolean): Promise<void> {
    requirePrivileges()
    requireTools([
      { tool: 'ovs-vsctl', args: [] },
      { tool: 'ip', args: [] },
    ])
    await openSocket(this.#server, socket, passedOn)
  }

  /** Hears of a change in the database. */
  changed(changes: Changes): void {
    this.#learner.changed(changes)
    this.#lost.changed(changes)
  }

  /** The database, or the engine, answers: for the first time, again, or still. */
  back(): void {
    this.#learner.refresh()
  }

  /** Resolves when all calls that came are answered and done; no more are taken. Whoever asks later waits for the same. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#close())
  }

  async #close(): Promise<void> {
    await Promise.all([this.#central.stop(), this.#closeServer()])
  }

  async #closeServer(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeIdleConnections()
    await closed
    await this.#pairs.settled()
  }

  /** What is being done for calls is stopped, undone, and answered with the reason. */
  hurry(reason: OvsdError): void {
    this.#stop.abort(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    this.#learner[Symbol.dispose]()
    this.#stop.abort(new Error('ovsd ends'))
  }
}

/** The same methods, each of which ends with `end`, too. */
const endedBy = (end: AbortSignal, methods: Methods): Methods =>
  new Map(
    [...methods].map(([name, method]) => [
      name,
      { ...method, answer: (body, signal) => method.answer(body, AbortSignal.any([signal, end])) },
    ]),
  )
