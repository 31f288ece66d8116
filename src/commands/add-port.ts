import { BaseCommand } from '../base-command.ts'
import { vlanFlags } from '../flags.ts'
import { invocation } from '../invocation.ts'
import { attachPort } from '../lib/plan/attach-port.ts'
import type { AttachResult } from '../lib/plan/attach-result.ts'
import { parseAttach } from '../lib/plan/request.ts'
import { networksReached } from '../lib/network/host-addresses.ts'
import { Args, Flags } from '../oclif.ts'

export default class AddPort extends BaseCommand {
  static override summary = 'Attach a new interface of a container to an Open vSwitch bridge'
  static override description = `Creates INTERFACE inside CONTAINER and connects it to BRIDGE, which is created if it is missing. Port, VLAN and marks go into the database in one transaction. If anything fails, everything done so far is undone. A port that a restart of the container left behind is recognised and replaced.`
  static override examples = [
    '<%= config.bin %> add-port br0 eth1 web --ipaddress=10.0.0.2/24',
    '<%= config.bin %> add-port br0 eth1 web --ipaddress=10.0.0.2/24 --gateway=10.0.0.1 --vlan=100 --mtu=1450',
    '<%= config.bin %> add-port br0 eth1 web --ipaddress=10.0.0.2/24 --ipaddress=fd00::2/64 --route=10.9.0.0/16,10.0.0.254',
    '<%= config.bin %> add-port br0 eth1 web --ipaddress=10.0.0.2/24 --dry-run',
  ]
  static override args = {
    bridge: Args.string({ description: 'Open vSwitch bridge, created if missing', required: true }),
    interface: Args.string({ description: 'name of the new interface inside the container', required: true }),
    container: Args.string({ description: 'name, id, or beginning of the id', required: true }),
  }
  static override flags = {
    ipaddress: Flags.string({
      description: 'Address with prefix length, IPv4 or IPv6; may be repeated',
      helpValue: 'CIDR',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    gateway: Flags.string({
      description: 'Default route through this address; replaces an existing one; once per IP version',
      helpValue: 'IP',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    macaddress: Flags.string({
      description: 'MAC address (default: derived from container and interface)',
      helpValue: 'MAC',
    }),
    mtu: Flags.string({ description: 'MTU of both ends in bytes', helpValue: 'N' }),
    vlan: Flags.string({ description: 'Access VLAN, 1 to 4094', helpValue: 'N' }),
    ...vlanFlags,
    route: Flags.string({
      description: 'Static route, optionally through an address of the network; may be repeated',
      helpValue: 'CIDR[,VIA]',
      multiple: true,
      multipleNonGreedy: true,
    }),
    netns: Flags.string({ description: 'Network namespace to use; CONTAINER is then just a name', helpValue: 'PATH' }),
    pid: Flags.string({ description: 'Use the network namespace of this process', helpValue: 'N' }),
    datapath: Flags.string({
      description: 'Datapath of a bridge that has to be created (default: what this host can run)',
      helpValue: 'system|netdev',
    }),
    'may-exist': Flags.boolean({ description: 'Succeed if the interface is attached already with the same settings' }),
    rate: Flags.string({ description: 'Most that the container may send, in bits per second', helpValue: '100M' }),
    tenant: Flags.string({ description: 'Tenant to record with the port', helpValue: 'NAME' }),
    persist: Flags.boolean({
      description: 'Have ovsd watch attach the interface again when the container has been restarted',
    }),
    probe: Flags.boolean({ description: 'First ask the network whether somebody else answers for an address' }),
  }
  static override live = { bridge: 'bridge', container: 'container' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(AddPort)
    const request = parseAttach({
      ...flags,
      ...args,
      iface: args.interface,
      nativeVlan: flags['native-vlan'],
      mayExist: flags['may-exist'],
    })
    for (const warning of request.warnings) this.caution(warning)
    let reached: readonly string[] = []
    const outcome = await this.perform(flags, async (host) => {
      const prepared = await attachPort(host, request)
      reached = await networksReached(host, request)
      return prepared
    })
    const answer = this.answer(outcome, flags, describe)
    if (reached.length > 0)
      this.caution(
        `${request.iface} has no VLAN, and so reaches all of ${request.bridge}, also ${reached.join(', ')}. To keep it out: ovsd del-port, and add-port with --vlan; or ovsd net connect.`,
      )
    return answer
  }
}

function describe(result: AttachResult): string {
  if (invocation() === 'ovs-docker') return ''
  const { container, bridge, port, addresses, gateways, mac, mtu, vlan, status, replaced } = result
  const details = [
    ...addresses,
    ...gateways.map((gateway) => `gateway ${gateway}`),
    `MAC ${mac}`,
    ...(mtu === null ? [] : [`MTU ${String(mtu)}`]),
    ...(vlan === '-' ? [] : [`VLAN ${vlan}`]),
    `port ${port}`,
  ]
  const stale =
    replaced.length === 0 ? '' : `\nReplaced stale ${replaced.length === 1 ? 'port' : 'ports'} ${replaced.join(', ')}.`
  const verb = { attached: 'attached', unchanged: 'was already attached', repaired: 'repaired: it is attached' }[status]
  return `${result.interface} of ${container} ${verb} to ${bridge}: ${details.join(', ')}${stale}`
}
