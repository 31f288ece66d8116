// `--opt NAME=VALUE`: the options of the Docker network drivers that people come from, by their names there. Each is a word
// that a flag has, too; both ways lead to the same network.
import { BadInput, Refused } from '../errors.ts'
import { routeTexts } from '../net/route.ts'
import { closest } from '../ui/closest.ts'
import { LISTS, type ABOUT_MAKER, type NetworkWordName, type NetworkWords } from './words.ts'

type Word = Exclude<keyof NetworkWords, 'name' | 'id' | (typeof ABOUT_MAKER)[number]>

/** The long flags' own names are taken as well, so that a compose file can say whatever the command line can. */
const WORDS: ReadonlyMap<string, Word> = new Map(
  Object.entries({
    bridge: 'bridge',
    tenant_id: 'tenant',
    tenant: 'tenant',
    vlan: 'vlan',
    vrf: 'vrf',
    mtu: 'mtu',
    mode: 'mode',
    uplink: 'uplink',
    ipam: 'ipam',
    dhcp: 'dhcp',
    vxlan: 'vxlan',
    key: 'key',
    switch: 'switch',
    'ovn.switch': 'switch',
    'ovn.nb_connection': 'northbound',
    'ovn.sb_connection': 'southbound',
    'ovn.encap': 'encap',
    'ovn.encap_ip': 'encapIp',
    physnet: 'physnet',
    'ovn.physnet': 'physnet',
    dns: 'dns',
    routes: 'route',
    router: 'router',
    'ovn.router': 'router',
    role: 'role',
    'ovn.role': 'role',
    'transit-network': 'transitNetwork',
    'ovn.transit_network': 'transitNetwork',
    'external-gateway': 'externalGateway',
    'ovn.external_gateway': 'externalGateway',
    'external-address': 'externalAddress',
    'ovn.external_address': 'externalAddress',
    'mirror.ports': 'mirrorPorts',
    'mirror.dest': 'mirrorDest',
    'net.gopher.ovs.bridge.name': 'bridge',
    'net.gopher.ovs.bridge.mtu': 'mtu',
    'net.gopher.ovs.bridge.mode': 'mode',
    'net.gopher.ovs.bridge.bind_interface': 'uplink',
    'com.docker.network.driver.mtu': 'mtu',
  } as const),
)

/** Options about making a central of OVN, which the driver of Docker does (plugin/auto-central.ts): `net create` has `ovn bootstrap` before it. */
const LATER = ['ovn.auto_create', 'ovn.transit_overlay_network']

/** Every name that `--opt` knows, for completion and the manual. */
export const OPTION_NAMES: readonly string[] = [...WORDS.keys(), ...LATER]

const FIELD = '--opt'

/**
 * Adds what `--opt NAME=VALUE` says to the words of flags. Errors: BadInput (no such option, no value, said twice),
 * NeedsOvn.
 */
export function withOptions(words: NetworkWords, options: readonly string[]): NetworkWords {
  const found = new Map<Word, string | readonly string[]>()
  for (const text of options) {
    const at = text.indexOf('=')
    const name = at < 0 ? text : text.slice(0, at)
    const value = at < 0 ? '' : text.slice(at + 1).trim()
    if (LATER.includes(name)) throw notYet(`${FIELD} ${name}`)
    const word = WORDS.get(name)
    if (word === undefined) throw unknown(name)
    if (value === '') throw new BadInput(FIELD, `${name} has no value.`, `${FIELD} ${name}=VALUE`)
    if (found.has(word) || words[word] !== undefined)
      throw new BadInput(FIELD, `${name} says what another option says, too.`, `either a flag or ${FIELD}, once`)
    found.set(word, valueOf(word, value))
  }
  return { ...words, ...Object.fromEntries(found) }
}

/** Routes have a comma in them. */
const valueOf = (word: Word, text: string): string | readonly string[] =>
  word === 'route' ? routeTexts(text) : (LISTS as readonly Word[]).includes(word) ? text.split(',') : text

function unknown(name: string): BadInput {
  const near = closest(name, OPTION_NAMES)
  return new BadInput(
    FIELD,
    `there is no option ${JSON.stringify(name.slice(0, 80))}.`,
    near === undefined ? 'tenant_id=acme' : `${near}=VALUE`,
  )
}

/** What is about the central of OVN. */
const notYet = (what: string): Refused =>
  new Refused('NeedsOvn', `${what} is about a central of OVN, which a network does not start by itself.`, {
    next: 'Leave it out, and start one first: ovsd ovn bootstrap',
  })

/** What an option of a network is called for which a word is spoken of that came by `--opt`: the word's flag says the same. */
export const optionName =
  (flags: NetworkWordName, options: readonly string[]): NetworkWordName =>
  (word) => {
    const name = options.map((text) => text.replace(/=.*/s, '')).find((one) => WORDS.get(one) === word)
    return name === undefined ? flags(word) : `${FIELD} ${name}`
  }
