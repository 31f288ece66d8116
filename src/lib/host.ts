import { DockerClient } from './docker/client.ts'
import { defaultDockerHost, parseDockerHost } from './docker/endpoint.ts'
import { OvsReader, type OvsView } from './ovs/reader.ts'
import { Vsctl } from './ovs/vsctl.ts'
import { OvsdbClient } from './ovsdb/client.ts'
import { defaultEndpoint, parseEndpoint, type Endpoint } from './ovsdb/endpoint.ts'
import type { Patience } from './ovsdb/patience.ts'
import { run, traced, type Runner } from './system/runner.ts'

/** The outside world, as the library reaches it. Nothing in it is contacted before it is asked something. */
export interface Host extends Disposable {
  readonly run: Runner
  readonly ovs: OvsView
  readonly vsctl: Vsctl
  readonly docker: DockerClient
  /** Where the database listens. */
  readonly database: Endpoint
  /** False when another database than the tools' default was named: links of this host may then belong to ports that it does not know. */
  readonly isDefaultDatabase: boolean
  /** Connections that parts above this have opened, by names of theirs; they end with the host. */
  readonly opened: Map<string, Disposable>
  /** Of a daemon that has to go on when central of OVN does not answer; a command waits for it. */
  readonly patience?: Readonly<Record<'northbound' | 'southbound', Patience>>
}

export interface HostOptions {
  /** OVSDB connection as --db takes it; the tools' default when left out. */
  readonly db?: string | undefined
  /** Docker engine as DOCKER_HOST takes it. */
  readonly docker?: string | undefined
  readonly runner?: Runner
  /** Is told each command, as a person would type it, and how long it took, in milliseconds. */
  readonly tell?: ((line: string, ms: number) => void) | undefined
}

/** Opens the host that the options and the environment name. Error: BadInput. */
export function openHost(options: HostOptions = {}): Host {
  const endpoint = options.db === undefined ? defaultEndpoint(process.env) : parseEndpoint(options.db)
  const client = new OvsdbClient(endpoint)
  const opened = new Map<string, Disposable>()
  const engine =
    options.docker === undefined ? defaultDockerHost(process.env) : parseDockerHost(options.docker, '--docker')
  return {
    run: traced(options.runner ?? run, options.tell),
    ovs: new OvsReader(client),
    vsctl: new Vsctl(options.db === undefined ? undefined : endpoint.text),
    docker: new DockerClient(engine),
    database: endpoint,
    isDefaultDatabase: options.db === undefined || isSame(endpoint, defaultEndpoint(process.env)),
    opened,
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      for (const one of opened.values()) one[Symbol.dispose]()
      opened.clear()
    },
  }
}

/** /var/run is a link to /run wherever Open vSwitch is packaged today. */
const isSame = (a: Endpoint, b: Endpoint): boolean => plainPath(a.text) === plainPath(b.text)
const plainPath = (text: string): string => text.replace(/^unix:\/var\/run\//, 'unix:/run/')
