import type { ContainerSettings } from '../../docker/settings.ts'
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { IpAddress } from '../../net/ip-address.ts'
import { baseHere } from '../../ovn/container/base.ts'
import { imageFolder } from '../../ovn/container/folder.ts'
import { lifeOf, remotesAt, type CentralRemotes } from '../../ovn/life.ts'
import { dataLost, type Known } from '../../ovn/lost.ts'
import {
  CONTAINER,
  DEFAULT_IMAGE,
  DEFAULT_NETWORK,
  isOurs,
  parseImage,
  parsePublished,
  parseNetworkOfDocker,
  VOLUME,
} from '../../ovn/container/names.ts'
import { centralNetwork, type CentralNetwork } from '../../ovn/container/network.ts'
import { differences, type Wanted } from '../../ovn/container/wanted.ts'
import type { ReversibleStep, Stages } from '../step.ts'
import { centralCreate, centralStart } from '../steps/central-container.ts'
import { centralImageBuild } from '../steps/central-image.ts'
import { centralNetworkCreate } from '../steps/central-network.ts'
import { centralReady } from '../steps/central-ready.ts'
import { centralVolumeCreate } from '../steps/central-volume.ts'

/** What is asked of a central in a container; texts are as they were typed. */
export interface DockerCentralOptions {
  /** Name of its Docker network. */
  readonly network?: string | undefined
  /** Name of its image. One that is not there is built under that name. */
  readonly image?: string | undefined
  /** What the image is built on; the system of this host when left out. */
  readonly base?: string | undefined
  /** An address of this host on which 6641 and 6642 are published; without, they are on none. */
  readonly listen?: string | undefined
  /** Begin with an empty database although this host has networks in one that is lost. */
  readonly restore?: boolean | undefined
  /** The id of the northbound database that this host belonged to (`northboundId`). */
  readonly knownDatabase?: string | undefined
  /** Names of the networks on OVN that are recorded on this host. */
  readonly networks: readonly string[]
  /** The folder with the Dockerfile, where it is not found beside the program. */
  readonly folder?: string | undefined
}

/** A central in a container, as it is once `stages` are done. */
export interface DockerCentral {
  /** What is missing; empty when everything is there, and answers. */
  readonly stages: Stages<ReversibleStep>
  /** "tcp:172.30.0.5:6641" */
  readonly northbound: string
  readonly southbound: string
  readonly network: string
  /** "172.30.0.0/24" */
  readonly subnet: string
  /** Of the container, in that network. */
  readonly address: string
  readonly container: string
  readonly volume: string
  readonly image: string
  /** The address of this host on which it is published. */
  readonly listen: string | undefined
  /** Whether the container is made by `stages`. */
  readonly created: boolean
  /** Whether its databases are new, and so empty. */
  readonly newDatabase: boolean
}

/**
 * Looks at the engine and plans OVN's central in a container of it. Nothing is changed. Errors: BadInput, CentralElsewhere,
 * CentralForeign, CentralNetworkUnusable, CentralNoSubnet, CentralDiffers, CentralDataLost, CentralFilesMissing,
 * DockerUnreachable, DockerRefused.
 */
export async function dockerCentral(host: Host, options: DockerCentralOptions): Promise<DockerCentral> {
  const { network: asked, image, base, listen: published } = checked(options)
  if (!host.docker.isLocal) throw elsewhere(host.docker.where)
  const [found, volume] = await Promise.all([host.docker.settings(CONTAINER), host.docker.volume(VOLUME)])
  if (found !== undefined && !isOurs('container', found.labels)) throw foreign('container', CONTAINER)
  if (volume !== undefined && !isOurs('volume', volume.labels)) throw foreign('volume', VOLUME)
  // What was not said is as it is: a container of ovsd's has one network.
  const [own] = Object.keys(found?.addresses ?? {})
  const network = await centralNetwork(host, options.network === undefined ? (own ?? asked) : asked, found?.id)
  const listen = published ?? (found === undefined ? undefined : publishedOf(found))
  const wanted: Wanted = { image, network: network.name, address: network.address, listen }
  if (found !== undefined) refuseOther(found, wanted, network, options.image !== undefined)
  const known = knownBy(options)
  if (known !== undefined && volume === undefined) throw dataLost(known, `the volume ${VOLUME} is gone`)
  const remotes = remotesAt(network.address)
  const run = `${String(process.pid)}-${Date.now().toString(36)}`
  const mustBuild = found === undefined && (await host.docker.image(image)) === undefined
  const parts = [
    ...(network.exists ? [] : [centralNetworkCreate(host, network, run)]),
    ...(volume === undefined ? [centralVolumeCreate(host, run)] : []),
  ]
  return {
    stages: [
      ...(parts.length > 0 ? [parts] : []),
      // Alone: it takes minutes, and what fails at once beside it would have to wait for it.
      ...(mustBuild ? [[centralImageBuild(host, { image, base, folder: options.folder ?? imageFolder() }, run)]] : []),
      ...(await startStages(host, found, wanted, remotes, known, run)),
    ],
    ...{ northbound: remotes.northbound.text, southbound: remotes.southbound.text },
    ...{ network: network.name, subnet: network.subnet.text, address: network.address },
    ...{ container: CONTAINER, volume: VOLUME, image: found?.image ?? image, listen: listen?.text },
    ...{ created: found === undefined, newDatabase: volume === undefined },
  }
}

async function startStages(
  host: Host,
  found: ContainerSettings | undefined,
  wanted: Wanted,
  remotes: CentralRemotes,
  known: Known | undefined,
  run: string,
): Promise<Stages<ReversibleStep>> {
  const ready = [centralReady(host, remotes, known)]
  if (found === undefined) return [[centralCreate(host, wanted, run)], [centralStart(host, true)], ready]
  if (found.state === 'stopped') return [[centralStart(host, false)], ready]
  const life = await lifeOf(remotes)
  // Docker may be starting it again at this moment.
  if (!('id' in life)) return [ready]
  if (known !== undefined && life.id !== known.database)
    throw dataLost(known, `the databases of ${CONTAINER} are not those that they are in`)
  return []
}

const knownBy = ({ knownDatabase, networks, restore }: DockerCentralOptions): Known | undefined =>
  knownDatabase === undefined || restore === true ? undefined : { database: knownDatabase, networks }

/** Checks what was typed. Error: BadInput. */
const checked = (options: DockerCentralOptions) => ({
  network: parseNetworkOfDocker(options.network ?? DEFAULT_NETWORK, '--network'),
  image: parseImage(options.image ?? DEFAULT_IMAGE, '--image'),
  base: parseImage(options.base ?? baseHere(), '--base'),
  listen: options.listen === undefined ? undefined : parsePublished(options.listen, '--listen'),
})

/** Error: CentralDiffers, for a container of ovsd's that is not as it is wanted, or cannot be started. */
function refuseOther(found: ContainerSettings, wanted: Wanted, network: CentralNetwork, isImageAsked: boolean): void {
  const others = [
    ...(network.exists ? differences(found, wanted, isImageAsked) : [`its Docker network ${network.name} is gone`]),
    ...(found.state === 'paused' ? ['it is paused (docker unpause)'] : []),
  ]
  if (others.length === 0) return
  throw new Refused(
    'CentralDiffers',
    `There is a container ${CONTAINER}, but not as it is wanted: ${others.join('; ')}.`,
    {
      next: `Ask for what is there; or have it made anew, its databases stay in the volume ${VOLUME}: docker rm --force ${CONTAINER}`,
    },
  )
}

/** The address of this host on which a container is published. */
function publishedOf({ published }: ContainerSettings): IpAddress | undefined {
  const [first] = published
  return first === undefined
    ? undefined
    : parsePublished(first.replace(/:\d+:\d+\/tcp$/, '').replace(/^\[(.*)\]$/, '$1'), 'published')
}

const foreign = (what: 'container' | 'volume', name: string): Refused =>
  new Refused('CentralForeign', `There is a ${what} ${name} that ovsd has not made: it is left as it is.`, {
    next: `Use the central that runs there, if it does: ovsd ovn bootstrap --central tcp:ADDRESS:6641; or remove it first.`,
  })

const elsewhere = (where: string): Refused =>
  new Refused(
    'CentralElsewhere',
    `The engine at ${where} is not known to be on this host, which has to reach central's network.`,
    {
      next: 'Make central on that host, and publish it with --listen; then here: ovsd ovn join tcp:ADDRESS',
    },
  )
