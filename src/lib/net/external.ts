import { BadInput } from '../errors.ts'
import { parseInterface, type IfName } from './ifname.ts'
import { parseIp, refuseSpecial, type IpAddress } from './ip-address.ts'

/** An address that a container answers for on an interface of the host (docs/decisions/0008). IPv4. */
export interface ExternalAddress {
  readonly ip: IpAddress
  /** Router for what the container sends from the address; without it the host's own routes decide. */
  readonly gateway?: IpAddress
  /** The interface of the host. */
  readonly link: IfName
}

/** The words of an external address, wherever they come from. */
export interface ExternalWords {
  readonly ip?: string | undefined
  readonly gateway?: string | undefined
  readonly link?: string | undefined
}

const GOOD = '203.0.113.50'
const GOOD_GATEWAY = '203.0.113.1'
const GOOD_LINK = 'eno1'

/** Where the container sends what leaves from its external address: a name for the other end of a pair, nobody's address. */
export const NEXT_HOP = '169.254.1.1'

/**
 * Checks the words of an external address, alone and together; undefined when there is none. `nameOf` tells what a word is
 * called where it was written. Error: BadInput.
 */
export function parseExternal(
  words: ExternalWords,
  nameOf: (word: keyof ExternalWords) => string,
): ExternalAddress | undefined {
  const { ip: text, gateway, link } = words
  if (text === undefined) {
    const alone = link !== undefined ? 'link' : gateway !== undefined ? 'gateway' : undefined
    if (alone === undefined) return undefined
    throw new BadInput(nameOf(alone), `it says nothing without ${nameOf('ip')}.`, `${nameOf('ip')}=${GOOD}`)
  }
  // Others' labels say /32; any other prefix would mean a network.
  const ip = parseAddress(text.replace(/\/32$/, ''), nameOf('ip'), GOOD)
  if (ip.text === NEXT_HOP) throw new BadInput(nameOf('ip'), `${NEXT_HOP} is what ovsd calls the host inside.`, GOOD)
  if (link === undefined)
    throw new BadInput(nameOf('ip'), `it needs ${nameOf('link')}, the host's interface to be reached on.`, GOOD_LINK)
  return {
    ip,
    ...(gateway === undefined ? {} : { gateway: parseGateway(gateway, ip, nameOf('gateway')) }),
    link: parseLink(link, nameOf('link')),
  }
}

function parseAddress(text: string, field: string, good: string): IpAddress {
  if (text.includes('/')) throw new BadInput(field, `"${text}" is to be one address, without a prefix length.`, good)
  return withExample(field, good, () => {
    const ip = parseIp(text, field)
    if (ip.family === 6) throw new BadInput(field, `${ip.text}: an external address is IPv4 so far.`, good)
    refuseSpecial(ip, field)
    return ip
  })
}

function parseGateway(text: string, ip: IpAddress, field: string): IpAddress {
  const gateway = parseAddress(text, field, GOOD_GATEWAY)
  if (gateway.text === ip.text) throw new BadInput(field, `${text} is the external address itself.`, GOOD_GATEWAY)
  return gateway
}

function parseLink(text: string, field: string): IfName {
  if (['lo', 'all', 'default'].includes(text))
    throw new BadInput(field, `"${text}" is no interface that others could reach the host on.`, GOOD_LINK)
  return withExample(field, GOOD_LINK, () => parseInterface(text, field))
}

/** The same refusal as of any such value, but with an example that would be good here. */
function withExample<T>(field: string, good: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    throw new BadInput(field, error.message.slice(field.length + 2), good)
  }
}
