// Containers without an engine: processes that sleep in bare namespaces, and a server that tells of them as an engine
// does. Real enough for everything that reads /proc and enters namespaces.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { netnsInode } from '../../src/lib/system/netns.ts'
import { dockerReplay, whole, type Answer, type DockerReplay } from './docker-replay.ts'
import { bareNamespace, type BareNamespace } from './namespace.ts'

/** A process that sleeps in a bare namespace. */
export interface Sleeping extends AsyncDisposable {
  readonly pid: number
  /** Path of its network namespace. */
  readonly netns: string
}

export async function sleeping(namespace: BareNamespace): Promise<Sleeping> {
  const child: ChildProcess = spawn('nsenter', [`--net=${namespace.path}`, 'sleep', '100000'], { stdio: 'ignore' })
  const pid = child.pid ?? 0
  const netns = `/proc/${String(pid)}/ns/net`
  while (netnsInode(netns) !== netnsInode(namespace.path)) await sleep(2)
  return {
    pid,
    netns,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

type Labels = Readonly<Record<string, string>>

/** One container, with what it is now. */
export class Sleeper implements AsyncDisposable {
  readonly id = randomBytes(32).toString('hex')
  readonly name: string
  readonly labels: Labels
  #life: (Sleeping & { readonly namespace: BareNamespace }) | undefined
  #lives = 0

  constructor(name: string, labels: Labels) {
    this.name = name
    this.labels = labels
  }

  get pid(): number {
    return this.#life?.pid ?? 0
  }

  get netns(): string {
    return this.#life?.netns ?? ''
  }

  /** What GET /containers/ID/json gives. */
  get inspected(): object {
    const State = { Pid: this.pid, Running: this.pid !== 0, StartedAt: `2026-01-02T03:04:05.${String(this.#lives)}Z` }
    const [Config, HostConfig] = [{ Labels: this.labels }, { NetworkMode: 'none' }]
    return { Id: this.id, Name: `/${this.name}`, State, HostConfig, Config, Image: 'sha256:1' }
  }

  async start(): Promise<void> {
    const namespace = bareNamespace()
    this.#lives++
    this.#life = Object.assign(await sleeping(namespace), { namespace })
  }

  async stop(): Promise<void> {
    const life = this.#life
    this.#life = undefined
    await life?.[Symbol.asyncDispose]()
    life?.namespace[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Where an engine tells of it: by its id, the short form of that, and its name. */
const pathsOf = ({ id, name }: Sleeper): readonly string[] =>
  [id, id.slice(0, 12), name].map((word) => `/containers/${word}/json`)

/** Tells of sleepers as an engine does. */
export class SleepersEngine implements AsyncDisposable {
  readonly #answers: Record<string, Answer>
  readonly #server: DockerReplay
  readonly #sleepers: Sleeper[] = []

  static async start(): Promise<SleepersEngine> {
    const answers: Record<string, Answer> = {}
    return new SleepersEngine(answers, await dockerReplay(answers))
  }

  private constructor(answers: Record<string, Answer>, server: DockerReplay) {
    this.#answers = answers
    this.#server = server
  }

  get socket(): string {
    return this.#server.path
  }

  /** Request lines so far. */
  get asked(): readonly string[] {
    return this.#server.asked
  }

  /** Makes a container and starts it. */
  async run(labels: Labels, name = `c${String(this.#sleepers.length)}`): Promise<Sleeper> {
    const sleeper = new Sleeper(name, labels)
    this.#sleepers.push(sleeper)
    await sleeper.start()
    for (const path of pathsOf(sleeper))
      this.#answers[path] = (socket) => {
        const head = 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n'
        whole(head + JSON.stringify(sleeper.inspected))(socket)
      }
    return sleeper
  }

  /** As `docker rm`: nothing is known of it any more. */
  async remove(sleeper: Sleeper): Promise<void> {
    await sleeper.stop()
    this.forget(sleeper)
  }

  /** As if it belonged to another engine. */
  forget(sleeper: Sleeper): void {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the server looks into this very object
    for (const path of pathsOf(sleeper)) delete this.#answers[path]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sleeper of this.#sleepers) await sleeper.stop()
    await this.#server[Symbol.asyncDispose]()
  }
}
