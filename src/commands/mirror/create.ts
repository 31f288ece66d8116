import { BaseCommand } from '../../base-command.ts'
import { parseMirror } from '../../lib/network/mirror/words.ts'
import { createMirror, type CreatedMirror } from '../../lib/plan/create-mirror.ts'
import { Args, Flags } from '../../oclif.ts'
import { selfCommand } from '../../self.ts'

export default class CreateMirror extends BaseCommand {
  static override summary = 'Copy what containers send and receive to another port'
  static override description = `Whoever gets the copies gets nothing else, and what it sends is dropped: choose an interface without addresses, which ovsd add-port makes. An access port and a tunnel get the frames as the containers see them, any other port with their VLAN tags. Frames that do not fit into a tunnel are lost on the userspace datapath, and fragmented by that of the kernel. A source stays one when its container is restarted or, with network:NAME, when containers come: ovsd net connect and ovsd watch see to that. Repeated with the same settings, it puts right a mirror that does not copy what it should.`
  static override examples = [
    '<%= config.bin %> mirror create m1 --source=web --source=db:eth1 --dest=ids:mon0 --ttl=10m',
    '<%= config.bin %> mirror create m2 --source=network:blue --dest=ids:mon0',
    '<%= config.bin %> mirror create m3 --source=web --dest=gre:192.0.2.9 --direction=out --dry-run',
  ]
  static override args = { name: Args.string({ description: 'name of the new mirror', required: true }) }
  static override flags = {
    source: Flags.string({
      description: 'Whose frames are copied: CONTAINER, CONTAINER:INTERFACE, a port, or network:NAME; may be repeated',
      helpValue: 'SOURCE',
      required: true,
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    dest: Flags.string({
      description: 'Who gets the copies: CONTAINER, CONTAINER:INTERFACE, a port, or gre:IP (a tunnel to that host)',
      helpValue: 'DEST',
      required: true,
    }),
    direction: Flags.string({
      description: 'What the sources receive (in), what they send (out), or both (default: both)',
      helpValue: 'in|out|both',
    }),
    ttl: Flags.string({ description: 'Remove it after this time: 90s, 10m, 2h, 1d', helpValue: 'TIME' }),
    bridge: Flags.string({
      description: 'Bridge, when containers are on several',
      helpValue: 'BRIDGE',
    }),
    'may-exist': Flags.boolean({ description: 'Succeed if there is such a mirror already, with the same settings' }),
    force: Flags.boolean({ description: 'Take a port for the copies although it is in use' }),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(CreateMirror)
    const { source, dest, direction, ttl, bridge, db } = flags
    const request = parseMirror({ name: args.name, source, dest, direction, ttl, bridge })
    const expire = [...selfCommand(), 'mirror', 'expire', '--quiet', ...(db === undefined ? [] : [`--db=${db}`])]
    const options = { mayExist: flags['may-exist'], force: flags.force, expire }
    const outcome = await this.perform(flags, (host) => createMirror(host, request, options))
    return this.answer(outcome, flags, describe)
  }
}

const DONE: Readonly<Record<CreatedMirror['status'], string>> = {
  created: 'created',
  completed: 'put right',
  unchanged: 'was there already',
}

const WHAT: Readonly<Record<string, string>> = { in: 'what comes to', out: 'what comes from', both: 'all of' }

function describe({
  mirror,
  bridge,
  sources,
  dest,
  direction,
  expires,
  status,
  tagged,
  missing,
}: CreatedMirror): string {
  const lines = [
    `${mirror} ${DONE[status]} on ${bridge}: ${WHAT[direction] ?? ''} ${sources.join(', ')} is copied to ${dest}`,
    `${dest} gets only copies, ${tagged ? 'with the VLAN tags of the bridge' : 'without VLAN tags'}`,
    ...(missing.length === 0 ? [] : [`${missing.join(', ')}: no port now`]),
    ...(expires === null ? [] : [`it ends at ${expires}`]),
  ]
  return lines.join('\n')
}
