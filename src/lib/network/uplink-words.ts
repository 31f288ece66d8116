// The words of addresses and routes that may go into a line of `ip -batch`. They stand in the database, where anybody who may
// write there may have written others: no other device, no tunnel, no second hop, nothing that ip would take for a command.

/** Followed by one value each (ip-address(8), ip-route(8)). */
const OF_ADDRESSES = new Set(['broadcast', 'scope', 'label', 'metric', 'valid_lft', 'preferred_lft'])
const OF_ROUTES = new Set([
  ...['via', 'src', 'from', 'table', 'proto', 'scope', 'metric', 'tos', 'pref', 'realm', 'realms', 'expires'],
  ...['mtu', 'advmss', 'hoplimit', 'window', 'rtt', 'rttvar', 'rto_min', 'ssthresh', 'cwnd', 'initcwnd', 'initrwnd'],
  ...['reordering', 'congctl', 'features', 'quickack', 'fastopen_no_cookie'],
])
/** Followed by nothing. */
const FLAGS_OF_ADDRESSES = new Set(['home', 'nodad', 'mngtmpaddr', 'noprefixroute', 'autojoin'])
const FLAGS_OF_ROUTES = new Set(['onlink'])
/** May stand between a word and its value: the IP version of a router, a metric that nobody may change. */
const BETWEEN: Readonly<Record<string, string>> = { via: 'inet6', mtu: 'lock', advmss: 'lock', hoplimit: 'lock' }

const TYPES = new Set(['unicast', 'local', 'broadcast', 'multicast', 'anycast'])
const PLACE = /^[0-9a-fA-F.:]+(\/\d{1,3})?$/
const VALUE = /^[A-Za-z0-9_.:/@+-]+$/

/** Whether these are words of `ip address add`, without a device. */
export function areAddressWords(words: string): boolean {
  const [place = '', next, peer = '', ...rest] = words.split(' ')
  if (!PLACE.test(place)) return false
  if (next !== 'peer') return areOptions(words.split(' ').slice(1), OF_ADDRESSES, FLAGS_OF_ADDRESSES)
  return PLACE.test(peer) && areOptions(rest, OF_ADDRESSES, FLAGS_OF_ADDRESSES)
}

/** Whether these are words of `ip route add`, without a device. */
export function areRouteWords(words: string): boolean {
  const [first = '', ...others] = words.split(' ')
  const [place = '', ...rest] = TYPES.has(first) ? others : [first, ...others]
  return (place === 'default' || PLACE.test(place)) && areOptions(rest, OF_ROUTES, FLAGS_OF_ROUTES)
}

function areOptions(words: readonly string[], valued: ReadonlySet<string>, flags: ReadonlySet<string>): boolean {
  const [word, ...rest] = words
  if (word === undefined) return true
  if (flags.has(word)) return areOptions(rest, valued, flags)
  if (!valued.has(word)) return false
  const [value = '', ...after] = rest[0] !== undefined && rest[0] === BETWEEN[word] ? rest.slice(1) : rest
  return VALUE.test(value) && areOptions(after, valued, flags)
}
