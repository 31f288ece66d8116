// Routes, rules and proxy entries of the legs on the host: what there is, and the lines of `ip -batch` that make and take it.
import type { Runner } from '../system/runner.ts'
import { answers } from './external-answers.ts'
import { LEG_GROUP, PROTOCOL, routingTable, RULE_HOSTS, RULE_TABLE, type Leg, type LegKey } from './external-leg.ts'
import type { Site } from './external-site.ts'

/** What there is of all legs, found by what marks it as ovsd's. */
export interface Routing {
  /** `IP LINK` of each address that the host answers for. */
  readonly proxies: ReadonlySet<string>
  /** `IP PRIORITY` of each rule. */
  readonly rules: ReadonlySet<string>
  /** `DESTINATION DEVICE TABLE` of each route; the table is `main` for that one. */
  readonly routes: ReadonlySet<string>
}

interface IpRow {
  readonly dst?: string
  readonly dev?: string
  readonly table?: string
  readonly gateway?: string
  readonly protocol?: string
  readonly priority?: number
  readonly src?: string
}

/** Looks at the whole host, in three processes for any number of legs. */
export async function readRouting(run: Runner, signal?: AbortSignal): Promise<Routing> {
  const [proxies, rules, routes] = await Promise.all([
    answers<IpRow>(run, ['-4', 'neigh', 'show', 'proxy'], signal),
    answers<IpRow>(run, ['-4', 'rule', 'show'], signal),
    // The kernel itself picks them out: there may be a million others.
    answers<IpRow>(run, ['-4', 'route', 'show', 'table', 'all', 'proto', PROTOCOL], signal),
  ])
  const ours = (row: IpRow): boolean => row.protocol === PROTOCOL
  return {
    proxies: new Set(proxies.filter(ours).map(({ dst = '', dev = '' }) => `${dst} ${dev}`)),
    rules: new Set(rules.filter(ours).map(({ src = '', priority = 0 }) => `${src} ${String(priority)}`)),
    routes: new Set(
      routes.map(({ dst = '', dev = '', table = 'main', gateway }) =>
        [dst, dev, table, ...(gateway === undefined ? [] : [gateway])].join(' '),
      ),
    ),
  }
}

const RULES = [RULE_HOSTS, RULE_TABLE] as const

/** Lines that lead the address to the leg; each may be repeated, except the rules. */
export function leadingLines(leg: Leg, site: Site, present: Pick<Routing, 'rules'>): readonly string[] {
  const { end, ip, link, gateway, insideMac } = leg
  const table = routingTable(ip)
  const rule = {
    // First what leads to single hosts, the other legs among them, which are not behind the gateway.
    [RULE_HOSTS]: `from ${ip} lookup main suppress_prefixlength 31 pref ${RULE_HOSTS}`,
    [RULE_TABLE]: `from ${ip} lookup ${table} pref ${RULE_TABLE}`,
  }
  return [
    `link set dev ${end} group ${String(LEG_GROUP)} up`,
    `neigh replace ${ip} dev ${end} lladdr ${insideMac} nud permanent`,
    `route replace ${ip}/32 dev ${end} proto ${PROTOCOL}`,
    ...(gateway === undefined
      ? []
      : [
          ...site.networks.map((network) => `route replace ${network} dev ${link} table ${table} proto ${PROTOCOL}`),
          `route replace default via ${gateway} dev ${link} onlink table ${table} proto ${PROTOCOL}`,
          ...RULES.filter((priority) => !present.rules.has(`${ip} ${priority}`)).map(
            (priority) => `rule add ${rule[priority]} protocol ${PROTOCOL}`,
          ),
        ]),
    `neigh replace proxy ${ip} dev ${link} protocol ${PROTOCOL}`,
    // Has the kernel ask for the address three times, a second apart; external.filter makes announcements of it.
    `neigh replace ${ip} dev ${link} lladdr ff:ff:ff:ff:ff:ff nud probe`,
  ]
}

/** Lines that take away what there is of these addresses. */
export function takingLines(legs: readonly LegKey[], { proxies, rules, routes }: Routing): readonly string[] {
  return legs.flatMap(({ ip, link, end }) => {
    const table = routingTable(ip)
    return [
      ...(routes.has(`${ip} ${end} main`) ? [`route del ${ip}/32 dev ${end} proto ${PROTOCOL}`] : []),
      ...(proxies.has(`${ip} ${link}`) ? [`neigh del proxy ${ip} dev ${link}`, `neigh del ${ip} dev ${link}`] : []),
      ...RULES.filter((priority) => rules.has(`${ip} ${priority}`)).map(
        (priority) => `rule del from ${ip} pref ${priority}`,
      ),
      ...([...routes].some((route) => route.split(' ')[2] === table) ? [`route flush table ${table}`] : []),
    ]
  })
}
