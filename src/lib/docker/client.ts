import { Refused } from '../errors.ts'
import { DockerRefused, messageIn, parsed } from './answer.ts'
import { containerOf, isInspectAnswer, type Container } from './container.ts'
import type { DockerEndpoint } from './endpoint.ts'
import { engineOf, isInfo, isVersion, type Engine } from './engine.ts'
import { get } from './http.ts'
import { imageOf, isImage, type DockerImage } from './images.ts'
import type { Labels } from './labels.ts'
import { isList, listedOf, type Listed } from './listed.ts'
import {
  type DockerNetwork,
  isMemberList,
  isNetworkList,
  isPlacesAnswer,
  memberOf,
  type NetworkMember,
  networkOf,
  type Place,
  placesOf,
  type WayOut,
  waysOutOf,
} from './networks.ts'
import { isSettings, settingsOf, type ContainerSettings } from './settings.ts'
import { isVolume, volumeOf, type DockerVolume } from './volumes.ts'

/** What ovsd asks a Docker engine. Paths carry no API version: every engine then answers with its own newest. */
export class DockerClient {
  readonly #endpoint: DockerEndpoint
  constructor(endpoint: DockerEndpoint) {
    this.#endpoint = endpoint
  }

  /** Where it is, as it was named. */
  get where(): string {
    return this.#endpoint.text
  }

  get endpoint(): DockerEndpoint {
    return this.#endpoint
  }

  /** Whether the engine is certainly on this host, so that its process ids mean processes of this host. */
  get isLocal(): boolean {
    return 'path' in this.#endpoint.connect
  }

  /**
   * The container with this name, id or id prefix; undefined if there is none.
   * Errors: DockerUnreachable, AmbiguousContainer, DockerRefused.
   */
  async find(container: string): Promise<Container | undefined> {
    const { status, body } = await get(this.#endpoint, `/containers/${encodeURIComponent(container)}/json`)
    if (status === 200) return containerOf(parsed(body, isInspectAnswer))
    const said = messageIn(body)
    // Engines differ in the status of an ambiguous prefix: 400 and 404 were seen. The second wording is podman's.
    if (/multiple ids|more than one result/i.test(said))
      throw new Refused('AmbiguousContainer', `"${container}" is the beginning of several container ids.`, {
        next: 'Type more digits of the id, or the name (docker ps).',
      })
    // podman finds the container, and when it is removed in that very moment says so with 500.
    if (status === 404 || /no such container/i.test(said)) return undefined
    throw new DockerRefused(`The Docker engine refused to describe ${container}: ${said} (HTTP ${String(status)})`)
  }

  /** As `find`. Further error: ContainerMissing. */
  async inspect(container: string): Promise<Container> {
    const found = await this.find(container)
    if (found === undefined)
      throw new Refused(
        'ContainerMissing',
        `Failed to get the PID of the container: there is no container ${container}.`,
        {
          next: 'See which there are: docker ps -a',
        },
      )
    return found
  }

  /** Resolves when the engine answers. Error: DockerUnreachable. */
  async ping(): Promise<void> {
    await get(this.#endpoint, '/_ping')
  }

  /** All containers, stopped ones included. Errors: DockerUnreachable, DockerRefused. */
  async list(): Promise<readonly Listed[]> {
    return (await this.#ask('/containers/json?all=1', 'list containers', isList)).map(listedOf)
  }

  /**
   * The labels of an image by its id, to tell them from those that a container was given itself.
   * Errors: DockerUnreachable, DockerRefused.
   */
  async imageLabels(imageId: string): Promise<Labels> {
    const path = `/images/${encodeURIComponent(imageId)}/json`
    return imageOf(await this.#ask(path, `describe the image ${imageId}`, isImage)).labels
  }

  /** All networks. Errors: DockerUnreachable, DockerRefused. */
  async networks(): Promise<readonly DockerNetwork[]> {
    return (await this.#ask('/networks', 'list networks', isNetworkList)).map(networkOf)
  }

  /** The containers of a network by its id, stopped ones included. Errors: DockerUnreachable, DockerRefused. */
  async membersOf(network: string): Promise<readonly NetworkMember[]> {
    const filters = encodeURIComponent(JSON.stringify({ network: [network] }))
    const rows = await this.#ask(`/containers/json?all=1&filters=${filters}`, 'list containers', isMemberList)
    return rows.map((row) => memberOf(row, network))
  }

  /** The networks that a container is in; none when it is gone. Errors: DockerUnreachable, DockerRefused. */
  async places(container: string): Promise<readonly Place[]> {
    const path = `/containers/${encodeURIComponent(container)}/json`
    const found = await this.#askForOne(path, `describe the container ${container}`, isPlacesAnswer)
    return found === undefined ? [] : placesOf(found)
  }

  /** By which gateways a container goes out; none when it is gone. Errors: DockerUnreachable, DockerRefused. */
  async waysOut(container: string): Promise<readonly WayOut[]> {
    const path = `/containers/${encodeURIComponent(container)}/json`
    const found = await this.#askForOne(path, `describe the container ${container}`, isPlacesAnswer)
    return found === undefined ? [] : waysOutOf(found)
  }

  /** The image with this name or id; undefined if there is none. Errors: DockerUnreachable, DockerRefused. */
  async image(name: string): Promise<DockerImage | undefined> {
    const path = `/images/${encodeURIComponent(name)}/json`
    const found = await this.#askForOne(path, `describe the image ${name}`, isImage)
    return found === undefined ? undefined : imageOf(found)
  }

  /** The volume with this name; undefined if there is none. Errors: DockerUnreachable, DockerRefused. */
  async volume(name: string): Promise<DockerVolume | undefined> {
    const path = `/volumes/${encodeURIComponent(name)}`
    const found = await this.#askForOne(path, `describe the volume ${name}`, isVolume)
    return found === undefined ? undefined : volumeOf(found)
  }

  /** How the container with this name was made; undefined if there is none. Errors: DockerUnreachable, DockerRefused. */
  async settings(container: string): Promise<ContainerSettings | undefined> {
    const path = `/containers/${encodeURIComponent(container)}/json`
    const found = await this.#askForOne(path, `describe ${container}`, isSettings)
    return found === undefined ? undefined : settingsOf(found)
  }

  /** Which engine it is. Errors: DockerUnreachable, DockerRefused. */
  async engine(): Promise<Engine> {
    const [version, info] = await Promise.all([
      this.#ask('/version', 'tell its version', isVersion),
      this.#ask('/info', 'tell about itself', isInfo),
    ])
    return engineOf(version, info)
  }

  /** Its id, which no other engine has, and which it keeps; '' when it has none. Errors: DockerUnreachable, DockerRefused. */
  async id(): Promise<string> {
    const { ID } = await this.#ask('/info', 'tell about itself', isInfo)
    return typeof ID === 'string' ? ID : ''
  }

  /** What a path gives, when the engine answers with 200. */
  async #ask<T>(path: string, what: string, isRight: (value: unknown) => value is T): Promise<T> {
    const { status, body } = await get(this.#endpoint, path)
    if (status === 200) return parsed(body, isRight)
    throw refusal(what, status, body)
  }

  /** The same for what need not be there: undefined at 404. */
  async #askForOne<T>(path: string, what: string, isRight: (value: unknown) => value is T): Promise<T | undefined> {
    const { status, body } = await get(this.#endpoint, path)
    if (status === 404) return undefined
    if (status === 200) return parsed(body, isRight)
    throw refusal(what, status, body)
  }
}

const refusal = (what: string, status: number, body: string): DockerRefused =>
  new DockerRefused(`The Docker engine refused to ${what}: ${messageIn(body)} (HTTP ${String(status)})`)
