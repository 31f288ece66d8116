// What OVN's central in a container is made of, and how its parts are known as ovsd's.
import type { Labels } from '../../docker/labels.ts'
import { BadInput } from '../../errors.ts'
import { parseIp, type IpAddress } from '../../net/ip-address.ts'

/** Names as users of other systems know them (they are in scripts: `docker exec ovn-central ovn-nbctl show`). */
export const CONTAINER = 'ovn-central'
export const VOLUME = 'ovn-central'
export const DEFAULT_NETWORK = 'transit-overlay'
/** The number goes up when another version of packaging/ovn-central has to take the place of one that was built. */
export const DEFAULT_IMAGE = 'ovsd-ovn-central:1'

/** Where the image has its databases. */
export const DATA_FOLDER = '/var/lib/ovn'
/** The variable by which the container learns where to listen. */
export const ADDRESS_VARIABLE = 'OVN_CENTRAL_ADDRESS'

/** The parts of central in the engine; the value of their label. */
export type Part = 'network' | 'image' | 'volume' | 'container'

const PART_KEY = 'ovsd.central'
const RUN_KEY = 'ovsd.run'

/** Whether ovsd made this part. A container has the labels of its image too, but with the image's value. */
export const isOurs = (part: Part, labels: Labels): boolean => labels[PART_KEY] === part

/** Whether this very run made it. */
export const isOfRun = (run: string, labels: Labels): boolean => labels[RUN_KEY] === run

/** The options of docker(1) that label a part as made by a run. */
export const labelled = (part: Part, run: string): readonly string[] => [
  ...['--label', `${PART_KEY}=${part}`],
  ...['--label', `${RUN_KEY}=${run}`],
]

/** The filter of docker(1) that selects what has the label of a part. */
export const labelFilter = (part: Part): string => `label=${PART_KEY}=${part}`

/** Checks the name of a network of Docker. Error: BadInput. */
export function parseNetworkOfDocker(text: string, field: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(text)) return text
  throw new BadInput(
    field,
    `${JSON.stringify(text.slice(0, 80))} is not the name of a Docker network.`,
    DEFAULT_NETWORK,
  )
}

/** Checks the name of an image, with or without a registry, tag or digest. Error: BadInput. */
export function parseImage(text: string, field: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_./:@-]{0,254}$/.test(text)) return text
  throw new BadInput(field, `${JSON.stringify(text.slice(0, 80))} is not the name of an image.`, DEFAULT_IMAGE)
}

/** Checks the address of this host on which central is published. Error: BadInput. */
export function parsePublished(text: string, field: string): IpAddress {
  const ip = parseIp(text, field, '192.0.2.1')
  if (ip.bits !== 0n) return ip
  throw new BadInput(field, `${text} would be every network of this host: name the address of one.`, '192.0.2.1')
}
