import type { DockerNetwork } from '../../docker/networks.ts'
import type { Host } from '../../host.ts'
import { CONTAINER, isOurs, VOLUME } from '../../ovn/container/names.ts'
import type { Stages, TearDown } from '../step.ts'
import { centralNetworkRemove, centralRemove, centralVolumeRemove } from '../steps/central-remove.ts'

/** What is removed of a central in a container, and what stays of it. */
export interface DockerCentralRemoval {
  readonly stages: TearDown['stages']
  /** Whether there is a container of ovsd's. */
  readonly container: boolean
  /** Networks that go, by name, and such that stay because of others who are in them. */
  readonly networks: readonly string[]
  readonly networksInUse: readonly { readonly network: string; readonly by: readonly string[] }[]
  /** Whether the databases go with it, or stay, or were not there. */
  readonly data: 'removed' | 'kept' | 'none'
}

/**
 * Plans that central's container goes, the networks that were made for it unless somebody else is in them, and with
 * `deleteData` its databases. Only what ovsd made; the image stays. Errors: DockerUnreachable, DockerRefused.
 */
export async function removeDockerCentral(
  host: Host,
  { deleteData }: { readonly deleteData: boolean },
): Promise<DockerCentralRemoval> {
  const [settings, volume, all] = await Promise.all([
    ...([host.docker.settings(CONTAINER), host.docker.volume(VOLUME), host.docker.networks()] as const),
  ])
  const container = settings !== undefined && isOurs('container', settings.labels) ? settings : undefined
  const hasVolume = volume !== undefined && isOurs('volume', volume.labels)
  const networks = await Promise.all(
    all
      .filter(({ labels }) => isOurs('network', labels))
      .map(async (network) => ({ network, by: await othersIn(host, network, container?.id) })),
  )
  const going = networks.filter(({ by }) => by.length === 0).map(({ network }) => network)
  const last = [
    ...going.map((network) => centralNetworkRemove(host, network)),
    ...(hasVolume && deleteData ? [centralVolumeRemove(host)] : []),
  ]
  const stages: Stages<TearDown['stages'][number][number]> = [
    ...(container === undefined ? [] : [[centralRemove(host, container.id)]]),
    ...(last.length === 0 ? [] : [last]),
  ]
  return {
    ...{ stages, container: container !== undefined, networks: going.map(({ name }) => name) },
    networksInUse: networks.flatMap(({ network, by }) => (by.length === 0 ? [] : [{ network: network.name, by }])),
    data: hasVolume ? (deleteData ? 'removed' : 'kept') : 'none',
  }
}

/** Names of the other containers of a network, of stopped ones too: they could not be started without it. */
async function othersIn(host: Host, { id }: DockerNetwork, own: string | undefined): Promise<readonly string[]> {
  return (await host.docker.membersOf(id)).filter((one) => one.id !== own).map(({ name }) => name)
}
