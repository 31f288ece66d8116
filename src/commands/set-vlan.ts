import { BaseCommand } from '../base-command.ts'
import { vlanFlags } from '../flags.ts'
import { invocation } from '../invocation.ts'
import { parseContainer } from '../lib/docker/container-name.ts'
import { BadInput } from '../lib/errors.ts'
import { parseBridge, parseInterface } from '../lib/net/ifname.ts'
import { NO_VLAN, parseTag, parseVlan, type Vlan } from '../lib/net/vlan.ts'
import { changeVlan, type VlanResult } from '../lib/plan/change-vlan.ts'
import { Args, Flags } from '../oclif.ts'

export default class SetVlan extends BaseCommand {
  static override summary = "Change the VLAN of a container's port"
  static override description = `Makes the port an access port of VLAN, or a trunk (--trunks, --native-vlan), or takes its VLAN away (--none). A port made with --persist keeps the new VLAN when ovsd watch attaches it again. One that labels ask for is refused, because they say its VLAN, and so is one of a network.`
  static override examples = [
    '<%= config.bin %> set-vlan br0 eth1 web 100',
    '<%= config.bin %> set-vlan br0 eth1 web --trunks=10,20 --native-vlan=5',
    '<%= config.bin %> set-vlan br0 eth1 web --none',
  ]
  static override args = {
    bridge: Args.string({ description: 'bridge that the port is on', required: true }),
    interface: Args.string({ description: 'interface inside the container', required: true }),
    container: Args.string({ description: 'name, id, or beginning of the id', required: true }),
    vlan: Args.string({ description: 'access VLAN, 1 to 4094' }),
  }
  static override flags = {
    ...vlanFlags,
    none: Flags.boolean({ description: 'No VLAN: an untagged port that carries every VLAN' }),
  }
  static override live = { bridge: 'bridge', interface: 'interface', container: 'container' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(SetVlan)
    const where = {
      bridge: parseBridge(args.bridge),
      iface: parseInterface(args.interface),
      container: parseContainer(args.container),
    }
    const vlan = wanted(args.vlan, flags)
    const outcome = await this.perform(flags, (host) => changeVlan(host, where, vlan))
    return this.answer(outcome, flags, (done) => (invocation() === 'ovs-docker' ? '' : changed(where, done)))
  }
}

function changed({ iface, container }: { iface: string; container: string }, { vlan, before }: VlanResult): string {
  const word = (text: string): string => (text === '-' ? 'none' : text)
  return `VLAN of ${iface} of ${container}: ${word(vlan)} (${vlan === before ? 'as it was' : `was ${word(before)}`})`
}

function wanted(
  vlan: string | undefined,
  flags: { trunks?: string | undefined; 'native-vlan'?: string | undefined; none: boolean },
): Vlan {
  const { trunks, 'native-vlan': native, none } = flags
  const given = [vlan, trunks ?? native, none ? '' : undefined].filter((value) => value !== undefined)
  if (given.length !== 1)
    throw new BadInput(
      'VLAN',
      given.length === 0 ? 'it is missing.' : 'it is given in more than one way.',
      '100, or --trunks=10,20, or --none',
    )
  if (none) return NO_VLAN
  if (vlan !== undefined) return { kind: 'access', tag: parseTag(vlan, 'VLAN') }
  return parseVlan({ ...(trunks === undefined ? {} : { trunks }), ...(native === undefined ? {} : { native }) })
}
