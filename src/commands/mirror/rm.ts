import { BaseCommand } from '../../base-command.ts'
import { parseMirrorName } from '../../lib/network/mirror/words.ts'
import { removeMirror } from '../../lib/plan/remove-mirror.ts'
import { Args } from '../../oclif.ts'

export default class RemoveMirror extends BaseCommand {
  static override summary = 'Remove a mirror'
  static override description = `Its tunnel goes with it. Mirrors that ovsd did not make are never removed, and that of a network goes with its network.`
  static override examples = ['<%= config.bin %> mirror rm m1']
  static override args = { mirror: Args.string({ description: 'name of the mirror', required: true }) }
  static override live = { mirror: 'mirror' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(RemoveMirror)
    const name = parseMirrorName(args.mirror)
    const outcome = await this.perform(flags, (host) => removeMirror(host, name))
    return this.answer(outcome, flags, ({ mirror, bridge }) => `${mirror} removed from ${bridge}`)
  }
}
