import { labelsOf, type Labels } from './labels.ts'

/** How a container was made, and how it is: what decides whether it is the one that is wanted. */
export interface ContainerSettings {
  readonly id: string
  readonly labels: Labels
  /** `restarting` is between two lives: it has ended, and the engine starts it again. */
  readonly state: 'running' | 'restarting' | 'paused' | 'stopped'
  /** How often the engine has started it again by itself. */
  readonly restarts: number
  /** The image as it was named. */
  readonly image: string
  readonly env: readonly string[]
  /** The IPv4 address that was asked for in each network, by the network's name; '' for none. */
  readonly addresses: Readonly<Record<string, string>>
  /** What is mounted, but for file systems in memory: "ovn-central:/var/lib/ovn" of a volume, "/etc:/etc" of a folder. */
  readonly mounts: readonly string[]
  /** "192.0.2.1:6641:6641/tcp" */
  readonly published: readonly string[]
  readonly privileged: boolean
  readonly readOnly: boolean
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  readonly securityOpt: readonly string[]
  /** "no", "always", "unless-stopped", "on-failure" */
  readonly restart: string
}

type Texts = readonly string[] | null

/** The part of GET /containers/NAME/json that is read. */
export interface SettingsAnswer {
  readonly Id: string
  readonly State: { readonly Running: boolean; readonly Restarting?: boolean; readonly Paused?: boolean }
  readonly RestartCount?: number
  readonly Config?: { readonly Image?: string; readonly Env?: Texts; readonly Labels?: unknown }
  readonly HostConfig?: {
    readonly PortBindings?: Readonly<Record<string, readonly PortAnswer[] | null>> | null
    readonly RestartPolicy?: { readonly Name?: string }
    readonly Privileged?: boolean
    readonly ReadonlyRootfs?: boolean
    readonly CapAdd?: Texts
    readonly CapDrop?: Texts
    readonly SecurityOpt?: Texts
  }
  readonly Mounts?: readonly MountAnswer[] | null
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, { readonly IPAMConfig?: { readonly IPv4Address?: string } | null }>>
  }
}

interface PortAnswer {
  readonly HostIp?: string
  readonly HostPort?: string
}

interface MountAnswer {
  readonly Type?: string
  readonly Name?: string
  readonly Source?: string
  readonly Destination?: string
}

/** Whether a value is a description of a container. */
export const isSettings = (value: unknown): value is SettingsAnswer => {
  const { Id, State } = (value ?? {}) as Partial<SettingsAnswer>
  return typeof Id === 'string' && typeof State?.Running === 'boolean'
}

/** The settings of an answer. */
export function settingsOf(answer: SettingsAnswer): ContainerSettings {
  const { Id, State, RestartCount, Config, HostConfig, Mounts, NetworkSettings } = answer
  const networks = Object.entries(NetworkSettings?.Networks ?? {})
  return {
    ...{ id: Id, labels: labelsOf(Config?.Labels), state: stateOf(State), restarts: RestartCount ?? 0 },
    ...{ image: Config?.Image ?? '', env: Config?.Env ?? [] },
    addresses: Object.fromEntries(networks.map(([name, { IPAMConfig }]) => [name, IPAMConfig?.IPv4Address ?? ''])),
    mounts: (Mounts ?? [])
      .filter(({ Type }) => Type !== 'tmpfs')
      .map(({ Type, Name, Source, Destination = '' }) => `${(Type === 'volume' ? Name : Source) ?? ''}:${Destination}`),
    published: Object.entries(HostConfig?.PortBindings ?? {}).flatMap(([port, bindings]) =>
      (bindings ?? []).map(({ HostIp = '', HostPort = '' }) => `${HostIp}:${HostPort}:${port}`),
    ),
    ...{ privileged: HostConfig?.Privileged === true, readOnly: HostConfig?.ReadonlyRootfs === true },
    ...{ capAdd: HostConfig?.CapAdd ?? [], capDrop: HostConfig?.CapDrop ?? [] },
    ...{ securityOpt: HostConfig?.SecurityOpt ?? [], restart: HostConfig?.RestartPolicy?.Name ?? '' },
  }
}

/** One that is being started again counts as running for the engine. */
function stateOf({ Running, Restarting, Paused }: SettingsAnswer['State']): ContainerSettings['state'] {
  if (Restarting === true) return 'restarting'
  if (Paused === true) return 'paused'
  return Running ? 'running' : 'stopped'
}
