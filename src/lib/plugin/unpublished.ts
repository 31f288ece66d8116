import type { Container } from '../docker/container.ts'
import type { Place } from '../docker/networks.ts'
import { isNat } from '../network/gateway.ts'
import type { Network } from '../network/networks.ts'
import type { Log } from '../watch/log.ts'

/**
 * Tells of containers whose ports are to be published and are in no network that does it. Docker says the ports with every endpoint,
 * in the order in which it makes them, and not whose they are: whether another endpoint of the container publishes them is known only
 * when the container is.
 */
export class Unpublished {
  readonly #log: Log
  /** Endpoints whose containers are not known yet, with the ports. */
  readonly #waiting = new Map<string, readonly string[]>()

  constructor(log: Log) {
    this.#log = log
  }

  /** An endpoint joined a network that publishes nothing; `ports` of its container are to be published ("80/tcp"). */
  joined(endpoint: string, ports: readonly string[]): void {
    this.#waiting.set(endpoint, ports)
  }

  /** It is gone. */
  left(endpoint: string): void {
    this.#waiting.delete(endpoint)
  }

  /** Whether it has to be known whose endpoint this is. */
  awaits(endpoint: string): boolean {
    return this.#waiting.has(endpoint)
  }

  /** A container is in these places; `networks` are those of the driver. */
  learnt({ id, name }: Container, places: readonly Place[], networks: readonly Network[]): void {
    const ports = places.flatMap(({ endpoint }) => this.#waiting.get(endpoint) ?? [])
    // One line about a container, be it in several such networks.
    for (const { endpoint } of places) this.left(endpoint)
    if (ports.length === 0) return
    const found = places
      .filter(({ endpoint }) => endpoint !== '')
      .map(({ network }) => networks.find(({ spec }) => spec.docker === network))
    // Of others' networks only their drivers know: Docker's own bridge publishes.
    if (found.some((one) => one === undefined || isNat(one.spec))) return
    const titles = found.flatMap((one) => (one === undefined ? [] : (one.title ?? one.name)))
    const list = [...new Set(ports)].sort()
    this.#log.warn(
      'ports.unpublished',
      `Ports of ${name} are published nowhere (${list.join(', ')}), and Docker gives it no default route: it is only in ${titles.join(', ')}, and only a network of mode nat publishes (docker network connect NETWORK ${name})`,
      { container: name, container_id: id, networks: titles, ports: list },
    )
  }
}
