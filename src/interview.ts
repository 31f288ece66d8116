// The questions of `net create` without a name. Loaded and called only with a person at a terminal (BaseCommand.canAsk).
import { openHost, type Host } from './lib/host.ts'
import { liveNics } from './lib/live/nics.ts'
import { liveBridges, liveNetworks } from './lib/live/names.ts'
import { parseBridge } from './lib/net/ifname.ts'
import type { Mode } from './lib/network/mode.ts'
import { parseNetworkName } from './lib/network/name.ts'
import { parseNetworkSpec } from './lib/network/spec.ts'
import { networksOf } from './lib/network/networks.ts'
import { isDryRun } from './lib/run/session.ts'
import { plainText } from './lib/ui/plain-text.ts'
import { askText, confirm, pick, pickName, type Choice } from './lib/ui/prompt.ts'

const DEFAULT_BRIDGE = 'ovsbr0'
const FIRST_LINES = 3

const MODES: readonly Choice<Mode>[] = [
  { value: 'nat', name: 'nat: this host routes for it, and translates its addresses' },
  { value: 'flat', name: 'flat: a NIC of this host joins its bridge' },
  { value: 'l2', name: 'l2: nothing; its containers reach each other' },
]

/** Asks what a network is to be like; gives the words of the command line that say it. Error: Interrupted. */
export async function interviewNetwork(): Promise<readonly string[]> {
  using host = openHost()
  const names = await liveNetworks(host)
  const name = await askText('Name of the network?', (text) => {
    parseNetworkName(text)
    if (names.includes(text)) throw new Error(`There is a network ${text} already.`)
  })
  const bridges = await liveBridges(host)
  const bridge = await pickName('Its bridge?', [...new Set([...bridges, DEFAULT_BRIDGE])], true)
  parseBridge(bridge)
  const mode = await pick('What connects it to the world?', MODES)
  const uplink = mode === 'flat' ? await pickName('Which NIC?', await liveNics(host), true) : undefined
  const place = { name, bridge, mode, uplink }
  const list = (text: string): readonly string[] => text.split(/[ ,]+/).filter((one) => one !== '')
  const subnets = await askText(
    mode === 'nat' ? 'Its subnet?' : 'Its subnet? (none: the containers see to their addresses)',
    (text) => parseNetworkSpec({ ...place, subnet: list(text) }),
    mode === 'nat' ? await freeSubnet(host) : '',
  )
  const subnet = list(subnets)
  const gateway =
    mode === 'nat' || subnet.length === 0
      ? ''
      : await askText('Default route of its containers? (none)', (text) =>
          parseNetworkSpec({ ...place, subnet, gateway: list(text) }),
        )
  const tenant = await askText('Whose is it? (nobody: a tenant gets a VLAN of its own)', (text) => {
    if (text !== '') parseNetworkSpec({ name, tenant: text })
  })
  const vlan = await askText(
    `Its VLAN? (${tenant === '' ? 'untagged, unless another network is' : 'one of its own'})`,
    (text) => parseNetworkSpec({ name, ...(text === '' ? {} : { vlan: text }) }),
  )
  const flag = (flagName: string, value: string | undefined): readonly string[] =>
    value === undefined || value === '' ? [] : [`--${flagName}=${value}`]
  return [
    name,
    ...flag('bridge', bridge),
    ...flag('mode', mode),
    ...flag('uplink', uplink),
    ...subnet.flatMap((one) => flag('subnet', one)),
    ...list(gateway).flatMap((one) => flag('gateway', one)),
    ...flag('tenant', tenant),
    ...flag('vlan', vlan),
  ]
}

/** Shows what would be done, and the command line that does it without questions; whether the person agrees. */
export async function agreed(outcome: object, line: readonly string[]): Promise<boolean> {
  const commands = isDryRun(outcome) ? outcome.commands : []
  const shown = commands.flatMap(abridged).map((text) => `  ${text}`)
  process.stderr.write(
    plainText(`\nThis will be run:\n${shown.join('\n')}\n\nThe same without questions:\n  ${line.join(' ')}\n\n`),
  )
  if (await confirm('Create it?')) return true
  process.stderr.write('Nothing was changed.\n')
  return false
}

/** A command with a long text for its standard input, as far as somebody reads it who is asked whether to go on. */
function abridged(command: string): readonly string[] {
  const lines = command.split('\n')
  const rest = lines.length - FIRST_LINES
  return rest <= 1 ? lines : [...lines.slice(0, FIRST_LINES), `… ${String(rest)} lines more: --dry-run shows them`]
}

/** The first /24 of 10.10.0.0/16 that no network of this host has. */
async function freeSubnet(host: Host): Promise<string> {
  const used = (await networksOf(host)).flatMap((one) => ('spec' in one ? one.spec.subnets : []))
  const texts = new Set(used.map(({ cidr }) => cidr.text))
  for (let n = 0; n < 256; n++) {
    const text = `10.10.${String(n)}.0/24`
    if (!texts.has(text)) return text
  }
  return '10.10.0.0/24'
}
