import { BaseCommand, type GlobalFlags } from '../../base-command.ts'
import { stateFlags } from '../../flags.ts'
import { DAY, parseDuration } from '../../lib/net/duration.ts'
import { optionName, withOptions } from '../../lib/network/options.ts'
import { tellPending } from '../../lib/network/pending.ts'
import { parseNetworkSpec } from '../../lib/network/spec.ts'
import { asNetworkOption } from '../../lib/network/words.ts'
import { createNetwork, type CreatedNetwork } from '../../lib/plan/create-network.ts'
import { ownFolder, stateSettings } from '../../lib/state/settings.ts'
import { Args, Flags } from '../../oclif.ts'
import { selfCommand } from '../../self.ts'
import { storeOf } from '../../store.ts'

/** An option that may be given for each IP version, or many times. */
const list = (description: string, helpValue: string) =>
  Flags.string({ description, helpValue, multiple: true, multipleNonGreedy: true, delimiter: ',' })

export default class CreateNetwork extends BaseCommand {
  static override summary = 'Give a network a name, a place on a bridge, and addresses'
  static override description = `Records a network on its bridge, which is created if it is missing. No two networks share a VLAN of a bridge: the first one without --vlan has the untagged traffic, and each one with a tenant a VLAN of its own, so equal addresses in two networks never meet. With nat, which the host has to tell apart, equal subnets are refused. Repeated with the same settings, it completes a network of which something is missing; one that is whole is an error, unless --may-exist says otherwise.`
  static override examples = [
    '<%= config.bin %> net create blue --subnet=10.0.0.0/24',
    '<%= config.bin %> net create blue --subnet=10.0.0.0/24 --subnet=fd00::/64 --gateway=10.0.0.1 --ip-range=10.0.0.128/25',
    '<%= config.bin %> net create red --bridge=br0 --tenant=acme --subnet=10.0.0.0/24 --dry-run',
    '<%= config.bin %> net create red --bridge=br0 --opt tenant_id=acme --opt vlan=100',
    '<%= config.bin %> net create blue --switch=ls-blue --subnet=10.0.0.0/24 --router=lr-blue --transit-network=transit',
    '<%= config.bin %> net create transit --role=transit --external-gateway=192.168.100.1 --physnet=physnet1',
    '<%= config.bin %> net create lan --uplink=eno2 --force --confirm-within=60s',
  ]
  static override args = { name: Args.string({ description: 'name of the new network', required: true }) }
  static override flags = {
    ...stateFlags,
    subnet: list('Subnet that addresses are from; one for each IP version', 'CIDR'),
    gateway: list('Default route of the containers; one for each IP version (nat: the first address)', 'IP'),
    'ip-range': list('Part of the subnet that addresses are given out from', 'CIDR'),
    'aux-address': list('Address that is never given out, with what it is for; may be repeated', '[NAME=]IP'),
    route: Flags.string({
      description: 'What containers reach by the network besides its subnets; may be repeated',
      helpValue: 'CIDR[,VIA]',
      multiple: true,
      multipleNonGreedy: true,
    }),
    bridge: Flags.string({
      description: 'Open vSwitch bridge, created if missing (default: ovsbr0)',
      helpValue: 'BRIDGE',
    }),
    vlan: Flags.string({ description: 'VLAN of the network, 1 to 4094', helpValue: 'N' }),
    tenant: Flags.string({ description: 'Tenant that the network belongs to', helpValue: 'NAME' }),
    vrf: Flags.string({ description: 'Address space that the network belongs to; kept and shown', helpValue: 'NAME' }),
    mtu: Flags.string({ description: 'MTU of the interfaces in bytes', helpValue: 'N' }),
    mode: Flags.string({
      description:
        'What connects it to the world: the host as a router (nat), a NIC (flat), nothing (l2); default: nat with a subnet, flat with --uplink, else l2',
      helpValue: 'nat|flat|l2',
    }),
    uplink: Flags.string({ description: 'NIC of the host that joins the bridge (flat)', helpValue: 'NIC' }),
    ipam: Flags.string({
      description: 'Who gives out addresses (default: docker, which is ovsd from the subnets)',
      helpValue: 'docker|static|external|ovn',
    }),
    dhcp: Flags.string({
      description: 'Whether a server in the network gives them to a client that ovsd runs',
      helpValue: 'none|external|ovn',
    }),
    vxlan: list('Tunnels to these other hosts of the network', 'REMOTE'),
    switch: Flags.string({
      description:
        'Logical switch of OVN that the network is, on every host that says the same; auto: named by vrf and subnet',
      helpValue: 'NAME|auto',
    }),
    physnet: Flags.string({
      description: 'Physical network that the logical switch is led out to, with --vlan as its tag',
      helpValue: 'NAME',
    }),
    router: Flags.string({
      description: 'Logical router that joins it to others, made if missing; of a transit network, its gateway router',
      helpValue: 'NAME',
    }),
    role: Flags.string({
      description: 'transit: the network joins routers of others, and leads them out',
      helpValue: 'transit',
    }),
    'transit-network': Flags.string({
      description: 'Transit network that its router is joined to',
      helpValue: 'NAME',
    }),
    'external-gateway': list('Router outside that a transit network leads to; one for each IP version', 'IP'),
    'external-address': list(
      'What the gateway router has there, and everything that leaves is translated to (default: a free one of the subnet)',
      'IP[/LEN]',
    ),
    dns: list('Name server that OVN tells of by DHCP', 'IP'),
    key: Flags.string({ description: 'Number of the network in its tunnels, 1 to 16777215', helpValue: 'N' }),
    'mirror-ports': list('Copy what these containers or ports send and get, or all', 'all|NAME'),
    'mirror-dest': Flags.string({ description: 'Container or port that gets the copies', helpValue: 'NAME' }),
    opt: Flags.string({
      description: 'Any of these by its name in a Docker network driver; may be repeated',
      helpValue: 'NAME=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'may-exist': Flags.boolean({ description: 'Succeed if there is such a network already, with the same settings' }),
    force: Flags.boolean({
      description:
        'Take a NIC as uplink although the host itself uses it; join a VLAN that others are in; send copies to who is used for something else; use a subnet that the host has a route to, or a tunnel that is too narrow',
    }),
    'confirm-within': Flags.string({
      description: 'Take all of it back after this time, unless ovsd net confirm comes',
      helpValue: 'DURATION',
    }),
  }
  static override live = { bridge: 'bridge' } as const

  /** The words of the command line that an interview came to. */
  #interviewed: readonly string[] | undefined

  protected override async ask(_: readonly string[], argv: readonly string[]): Promise<readonly string[]> {
    const { interviewNetwork } = await import('../../interview.ts')
    const given = await interviewNetwork()
    this.#interviewed = [...argv, ...given]
    return given
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(CreateNetwork)
    const { subnet, gateway, bridge, vlan, tenant, vrf, mtu, mode, uplink, ipam, dhcp, vxlan, key } = flags
    const { switch: logicalSwitch, physnet, dns, router, role } = flags
    const options = flags.opt ?? []
    const words = withOptions(
      {
        ...{ name: args.name, subnet, gateway, bridge, vlan, tenant, vrf, mtu, mode, uplink, ipam, dhcp, vxlan, key },
        ...{ switch: logicalSwitch, physnet, dns, router, role, transitNetwork: flags['transit-network'] },
        ...{ externalGateway: flags['external-gateway'], externalAddress: flags['external-address'] },
        ...{ ipRange: flags['ip-range'], auxAddress: flags['aux-address'], route: flags.route },
        ...{ mirrorPorts: flags['mirror-ports'], mirrorDest: flags['mirror-dest'] },
      },
      options,
    )
    const spec = parseNetworkSpec(words, optionName(asNetworkOption, options))
    const seconds = flags['confirm-within'] && parseDuration(flags['confirm-within'], '--confirm-within', DAY)
    const folder = ownFolder(stateSettings(flags['state-dir'], process.env))
    const confirm = seconds ? { seconds, watchdog: watchdogCommand(flags), folder } : undefined
    const store = storeOf(flags, (message) => {
      this.caution(message)
    })
    const how = { mayExist: flags['may-exist'], force: flags.force, confirm, store }
    const make = (when: typeof flags) => this.perform(when, (host) => createNetwork(host, words, spec, how))
    if (this.#interviewed !== undefined) {
      const { agreed } = await import('../../interview.ts')
      const line = ['ovsd', 'net', 'create', ...this.#interviewed]
      if (!(await agreed(await make({ ...flags, 'dry-run': true }), line))) return {}
    }
    return this.answer(
      await make(flags),
      flags,
      (made) => `${describe(made)}${flags.force ? tellReboot(made.uplink) : ''}`,
    )
  }
}

/** How this program watches a network that is to be confirmed: on the same host, by the same connections. */
const watchdogCommand = ({
  db,
  docker,
  'state-dir': folder,
}: GlobalFlags & { readonly 'state-dir'?: string | undefined }): readonly string[] => [
  ...[...selfCommand(), '__take-back'],
  ...(db === undefined ? [] : [`--db=${db}`]),
  ...(docker === undefined ? [] : [`--docker=${docker}`]),
  ...(folder === undefined ? [] : [`--state-dir=${folder}`]),
]

const DONE: Readonly<Record<CreatedNetwork['status'], string>> = {
  created: 'created',
  completed: 'completed',
  unchanged: 'was there already',
}

function describe({
  network,
  bridge,
  vlan,
  mode,
  subnets,
  status,
  bridgeCreated,
  pending,
  overlay,
}: CreatedNetwork): string {
  const details = [
    ...(overlay === null ? [mode] : [`logical switch ${overlay.switch}`]),
    ...(overlay === null ? [] : routing(overlay)),
    ...(overlay !== null && vlan === null ? [] : [vlan === null ? 'untagged' : `VLAN ${String(vlan)}`]),
    ...subnets.map(({ subnet }) => subnet),
    ...subnets.flatMap(({ gateway }) => (gateway === null ? [] : [`gateway ${gateway}`])),
    ...(bridgeCreated ? ['bridge created'] : []),
  ]
  const waits = tellPending(network, pending)
  return `${network} ${DONE[status]} on ${bridge}: ${details.join(', ')}${waits === undefined ? '' : `; ${waits}`}`
}

const routing = ({ router, role, transitNetwork }: NonNullable<CreatedNetwork['overlay']>): readonly string[] => [
  ...(router === null ? [] : [`${role === null ? '' : 'gateway '}router ${router}`]),
  ...(transitNetwork === null ? [] : [`transit network ${transitNetwork}`]),
]

/** What who forces a NIC has to know: Open vSwitch keeps the port over a reboot, and addresses of the host are there again. */
const tellReboot = (uplink: string | null): string =>
  uplink === null
    ? ''
    : `; after a reboot what addresses the host had on ${uplink} are there again, of no use, until ovsd watch moves them: systemctl enable --now ovsd-watch`
