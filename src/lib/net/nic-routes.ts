// Routes that lead out by one interface, as `ip -details -oneline route` prints them: in the words that `ip route add` takes.
import type { Runner } from '../system/runner.ts'

export interface NicRoute {
  readonly family: 4 | 6
  /** What `ip route add` takes to make it again, without the device. */
  readonly words: string
  /** What tells it apart from others: the words without what runs out. */
  readonly key: string
  /** It leads through a router, and so needs a route to that. */
  readonly isFar: boolean
  readonly isDefault: boolean
  /** The kernel makes it with an address. */
  readonly isKernels: boolean
}

/** Routes of an interface in all tables; `odd` are those that cannot be told in words for another interface. */
export interface NicRoutes {
  readonly routes: readonly NicRoute[]
  readonly odd: readonly string[]
}

/** States that ip prints among the words, and does not take. */
const STATES = new Set(['linkdown', 'dead', 'pervasive', 'offload', 'trap', 'notify', 'rt_offload', 'rt_trap'])
/** Several ways at once, tunnels without an interface, next hops that have names of their own. */
const ODD = ['nexthop', 'encap', 'nhid', 'cache']

/** The routes of both families that lead out by `name`; without those that come and go with the interface itself. */
export async function nicRoutes(run: Runner, name: string, signal?: AbortSignal): Promise<NicRoutes> {
  const answers = await Promise.all(
    ([4, 6] as const).map(async (family) => {
      const args = [`-${String(family)}`, '-details', '-oneline', 'route', 'show', 'table', 'all']
      const { stdout } = await run({ tool: 'ip', args }, signal)
      return parseRoutes(stdout, family, name)
    }),
  )
  return { routes: answers.flatMap(({ routes }) => routes), odd: answers.flatMap(({ odd }) => odd) }
}

/** Exported for tests: `text` is what ip printed. */
export function parseRoutes(text: string, family: 4 | 6, name: string): NicRoutes {
  const lines = text.split('\n').map((line) => line.split(/[\s\\]+/).filter((word) => word !== '' && !STATES.has(word)))
  const here = lines.filter((words) => words.some((word, i) => word === name && words[i - 1] === 'dev'))
  // Of the table "local" are what addresses and the interface itself bring: broadcasts, multicasts, the host's own.
  const kept = here.filter((words) => !follows(words, 'table', 'local') && !isLinkLocalPrefix(words))
  const isOdd = (words: readonly string[]): boolean => ODD.some((word) => words.includes(word))
  return {
    routes: kept.filter((words) => !isOdd(words)).map((words) => routeOf(words, family, name)),
    odd: kept.filter(isOdd).map((words) => words.join(' ')),
  }
}

const follows = (words: readonly string[], word: string, next: string): boolean =>
  words.some((one, i) => one === word && words[i + 1] === next)

const isLinkLocalPrefix = (words: readonly string[]): boolean =>
  words.includes('fe80::/64') && follows(words, 'proto', 'kernel')

function routeOf(words: readonly string[], family: 4 | 6, name: string): NicRoute {
  const device = words.findIndex((word, i) => word === name && words[i - 1] === 'dev')
  const others = words
    .filter((_, i) => i !== device && i !== device - 1)
    // Without a router's address nothing in a line of a batch says that a default route is one of IPv6.
    .map((word, i) => (word === 'default' && i < 2 && family === 6 ? '::/0' : word))
    // Printed with the unit, read without it.
    .map((word) => word.replace(/^(\d+)sec$/, '$1'))
  return {
    family,
    words: others.join(' '),
    key: routeKey(others.join(' ')),
    isFar: others.includes('via'),
    isDefault: words.includes('default'),
    isKernels: follows(words, 'proto', 'kernel'),
  }
}

/** What tells a route apart from others, of its words. */
export const routeKey = (words: string): string => words.replace(/ expires \d+\b/, '')
