// A network as Docker asks for it: the words of `net create`, by the one grammar of options.
import { BadInput, Refused } from '../errors.ts'
import { optionName, withOptions } from '../network/options.ts'
import { parseNetworkSpec, type NetworkSpec } from '../network/spec.ts'
import { asNetworkOption, type NetworkWords } from '../network/words.ts'
import { needsOvn } from '../network/overlay.ts'
import { centralWord } from '../network/central-wish.ts'
import { parseNetworkOfDocker } from '../ovn/container/names.ts'
import { isOn } from './fields.ts'
import type { CreateNetworkRequest, PoolData } from './requests.ts'

/** What Docker itself reads of the options, and passes on all the same (moby, libnetwork/netlabel and its network.go). */
const OF_DOCKER: readonly string[] = [
  'com.docker.network.enable_ipv4',
  'com.docker.network.enable_ipv6',
  'com.docker.network.internal',
  'com.docker.network.advertise_addr_nmsgs',
  'com.docker.network.advertise_addr_ms',
]

const AUTO_CREATE = 'ovn.auto_create'
const OVERLAY_NETWORK = 'ovn.transit_overlay_network'

/** A network that Docker asks for: its words, and what they come to. */
export interface AskedNetwork {
  readonly words: NetworkWords
  readonly spec: NetworkSpec
}

/** What a network of Docker's is called here: the beginning of its id, as `docker network ls` shows it. */
export const networkName = (id: string): string => id.slice(0, 12)

/** How networks are to be made sense of. */
export interface Asking {
  /** Those that the network's addresses come from, by their ids. */
  readonly pools?: readonly string[]
  /** A network that is not on OVN is refused, as ovs-container-network does. */
  readonly requireOvn?: boolean
}

/** Checks what Docker asks for. Errors: BadInput, which names the option as it is typed for docker, NeedsOvn. */
export function askedNetwork(
  request: CreateNetworkRequest,
  { pools: poolIds = [], requireOvn = false }: Asking = {},
): AskedNetwork {
  const { network: id, isInternal } = request
  const { [AUTO_CREATE]: isAuto, [OVERLAY_NETWORK]: overlayNetwork, ...others } = request.options
  const options = Object.entries(others)
    .filter(([name]) => !OF_DOCKER.includes(name))
    .map(([name, value]) => optionText(name, value))
  const pools = request.pools.filter(({ pool }) => !isNone(pool))
  const typed = withOptions(
    {
      ...{ name: networkName(id), owner: 'plugin', docker: id, ...(poolIds.length === 0 ? {} : { pools: poolIds }) },
      subnet: pools.map(({ pool }) => pool),
      gateway: isInternal ? [] : pools.flatMap(({ gateway }) => (isNone(gateway) ? [] : bare(gateway))),
      auxAddress: pools.flatMap(({ aux }) => Object.entries(aux).map(([name, text]) => `${name}=${bare(text)}`)),
    },
    options,
  )
  const said = isInternal ? closed(typed) : typed
  // What other hosts know a logical switch by was there before Docker made it a network of its own, or is theirs to share.
  const onOvn = said.switch !== undefined || said.role !== undefined
  if (requireOvn && !onOvn) throw onlyOvn()
  const words = onOvn ? withCentral(answeredByOvn(said), isAuto, overlayNetwork) : { ...said, id }
  if (!onOvn && (isOn(isAuto) || overlayNetwork !== undefined))
    throw needsOvn(`--opt ${isOn(isAuto) ? AUTO_CREATE : OVERLAY_NETWORK}`)
  if (!onOvn) refuseGiven(words)
  if (poolIds.length === 0) refuseDockers(words)
  const spec = parseNetworkSpec(words, optionName(asNetworkOption, options))
  return { words, spec }
}

const onlyOvn = (): Refused =>
  new Refused('NeedsOvn', 'ovn.switch is required - this plugin requires OVN configuration.', {
    next: 'Say which logical switch: --opt ovn.switch=NAME; or start the driver without --require-ovn',
  })

/**
 * Docker gives every container an address, also one that asks for it by DHCP. OVN answers such a question with the very
 * address that its logical port has, so addresses from outside (`ipam=external`, of ovs-container-network) are Docker's then.
 */
function answeredByOvn(words: NetworkWords): NetworkWords {
  const { ipam, ...others } = words
  return words.dhcp === 'ovn' && ipam === 'external' ? others : words
}

/** Has a central made for a network, should none answer. Error: BadInput. */
function withCentral(words: NetworkWords, isAuto: unknown, network: unknown): NetworkWords {
  if (isAuto !== undefined && !isOn(isAuto) && isAuto !== 'false')
    throw new BadInput(
      `--opt ${AUTO_CREATE}`,
      `${JSON.stringify(isAuto).slice(0, 80)} is neither true nor false.`,
      'true',
    )
  const name = network === undefined ? undefined : optionText(OVERLAY_NETWORK, network).replace(/^[^=]*=/, '')
  if (name !== undefined) parseNetworkOfDocker(name, `--opt ${OVERLAY_NETWORK}`)
  return isOn(isAuto) ? { ...words, central: centralWord(words, name) } : words
}

function optionText(name: string, value: unknown): string {
  if (typeof value === 'string') return `${name}=${value}`
  throw new BadInput('--opt', `${name} is no text.`, `--opt ${name}=VALUE`)
}

/** What an address management that gives no addresses says (`--ipam-driver null`). */
const isNone = (text: PoolData['pool']): boolean => text === '' || text === '0.0.0.0/0' || text === '::/0'

const bare = (text: string): string => text.replace(/\/.*/s, '')

/** `--internal`: nothing leads out of the network. Error: BadInput. */
function closed(words: NetworkWords): NetworkWords {
  const { mode = 'l2', uplink, router, physnet } = words
  const way = uplink ?? router ?? physnet
  if (mode === 'l2' && way === undefined) return { ...words, mode }
  throw new BadInput(
    '--internal',
    way === undefined ? `a ${mode.slice(0, 80)} network leads out.` : `the network leads out by ${way.slice(0, 80)}.`,
    'nothing, or --opt mode=l2',
  )
}

/** What only who gives the addresses can see to, where that is Docker. Error: BadInput. */
function refuseDockers({ ipam, subnet = [] }: NetworkWords): void {
  if (ipam === 'ovn')
    throw new BadInput(
      '--opt ipam',
      'Docker itself would give the addresses, on each host for itself; OVN gives them where Docker asks ovsd for them.',
      '--ipam-driver ovsd',
    )
  if (ipam === 'static' && subnet.length > 0)
    throw new BadInput(
      '--opt ipam',
      'Docker itself gives every container an address; only those that are asked for (docker run --ip) are given where it asks ovsd for them.',
      '--ipam-driver ovsd',
    )
}

/** Docker gives addresses unless it is told not to, and would set them up beside those that a server gives. Error: BadInput. */
function refuseGiven({ ipam, dhcp, subnet = [] }: NetworkWords): void {
  if (subnet.length > 0 && (ipam === 'external' || (ipam === undefined && dhcp === 'external')))
    throw new BadInput(
      '--ipam-driver',
      'addresses come from elsewhere (ipam=external), and Docker would give others.',
      '--ipam-driver null',
    )
}
