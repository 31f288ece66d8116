// Messages of the recipes name flags of `ovsd net create`; who reads them through Docker types `--opt NAME=VALUE`.

/** Flags that `docker network create` does not have, and the options that say the same there. */
const OPTIONS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['bridge', 'vlan', 'vrf', 'mtu', 'mode', 'uplink', 'ipam', 'dhcp', 'vxlan', 'key', 'dns'].map((name) => [
      name,
      name,
    ]),
  ),
  ...{
    tenant: 'tenant_id',
    route: 'routes',
    switch: 'ovn.switch',
    physnet: 'ovn.physnet',
    router: 'ovn.router',
    role: 'ovn.role',
  },
  'transit-network': 'ovn.transit_network',
  'external-gateway': 'ovn.external_gateway',
  'external-address': 'ovn.external_address',
  'mirror-ports': 'mirror.ports',
  'mirror-dest': 'mirror.dest',
}

const names = Object.keys(OPTIONS).join('|')
/** After a blank a value is what stands for one (NAME), has a digit, or is a mode or the like; else the sentence goes on. */
const VALUE = String.raw`=\S*[^\s,.;:)]| (?:[A-Z]{2,}\b|(?:l2|nat|flat|ovn|external|transit)\b|[\w./:-]*\d(?:[\w./:-]*[\w/])?)`
const FLAG = new RegExp(String.raw`--(?:(opt) ([a-z][\w.]*)|(${names})(?![\w-]))(${VALUE})?`, 'g')

/** Docker has no such option; what is advised in its place (network/segment.ts, subnet-conflicts.ts, uplink-fit.ts, plan/mirror-dest.ts). */
const FORCES = [
  ['; to join them: --force', ''],
  ['; or accept that with --force', ''],
  [' If what is there now need not be reached any more: --force', ''],
  [/If it has to be, --force.*/g, 'Choose a NIC that this host itself does not need'],
] as const

/** The same text with the options of `docker network create`; a command of ovsd, and what follows it in its line, stays as it is. */
export function inDockersWords(text: string): string {
  return FORCES.reduce((changed, [from, to]) => changed.replaceAll(from, to), text)
    .split('\n')
    .map((line) => {
      const at = line.search(/\bovsd /)
      return at < 0 ? inOptions(line) : inOptions(line.slice(0, at)) + line.slice(at)
    })
    .join('\n')
}

const inOptions = (line: string): string =>
  line.replaceAll(
    FLAG,
    (_, __: string | undefined, option: string | undefined, flag: string | undefined, value?: string) => {
      const name = option ?? OPTIONS[flag ?? ''] ?? ''
      return `--opt ${name}${value === undefined ? '' : `=${value.slice(1)}`}`
    },
  )
