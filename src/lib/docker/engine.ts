import { Refused } from '../errors.ts'

/** The engine itself. */
export interface Engine {
  readonly name: 'docker' | 'podman' | 'other'
  readonly version: string
  /** Newest version of its API, as "1.41"; not there where it does not say. */
  readonly api?: string
  /** Whether it runs as an ordinary user, its containers in a user namespace. */
  readonly rootless: boolean
}

/** The part of GET /version that is read. */
export interface VersionAnswer {
  readonly Version: string
  readonly ApiVersion?: unknown
  readonly Components?: readonly ({ readonly Name?: string } | null)[] | null
}

/** The part of GET /info that is read. */
export interface InfoAnswer {
  readonly ID?: string
  readonly SecurityOptions?: readonly string[] | null
  readonly Rootless?: boolean
}

/** Whether a value is an answer to GET /version. */
export const isVersion = (value: unknown): value is VersionAnswer =>
  typeof (value as Partial<VersionAnswer> | null)?.Version === 'string'

/** Whether a value is an answer to GET /info. */
export const isInfo = (value: unknown): value is InfoAnswer => typeof value === 'object' && value !== null

/**
 * The engine of two answers. Docker says that it is rootless in SecurityOptions; podman has a key of its own for that,
 * and its version 4.3 does not repeat it in SecurityOptions.
 */
export function engineOf(version: VersionAnswer, info: InfoAnswer): Engine {
  const parts = (version.Components ?? []).map((part) => part?.Name)
  const name = parts.includes('Podman Engine') ? 'podman' : parts.includes('Engine') ? 'docker' : 'other'
  const options = (info.SecurityOptions ?? []).flatMap((option) => option.split(','))
  const { Version, ApiVersion } = version
  return {
    ...{ name, version: Version, rootless: info.Rootless === true || options.includes('name=rootless') },
    ...(typeof ApiVersion === 'string' ? { api: ApiVersion } : {}),
  }
}

/**
 * Refuses to follow a rootless engine; `where` is how it was named. Technically its containers can be attached as any
 * others. But whoever owns the engine writes its answers, labels and process ids alike, and could lead ovsd into any
 * namespace of the host; who types `add-port` has decided to trust it, a daemon has not. Error: RootlessEngine.
 */
export function refuseRootless({ name, version, rootless }: Engine, where: string): void {
  if (!rootless) return
  throw new Refused(
    'RootlessEngine',
    `The engine at ${where} (${name} ${version}) is rootless. An ordinary user decides what it answers, and ovsd would act on that as root, in whatever namespace it is led to.`,
    {
      next: `Follow the engine of root. Containers of a rootless one are attached by hand: ovsd add-port BRIDGE INTERFACE CONTAINER --docker ${where}`,
    },
  )
}
