import { BaseCommand } from '../../base-command.ts'
import { listMirrors, type ListedMirror } from '../../lib/plan/list-mirrors.ts'
import { painter } from '../../lib/ui/colour.ts'
import { plainLine } from '../../lib/ui/plain-text.ts'
import { table } from '../../lib/ui/table.ts'

export default class ListMirrors extends BaseCommand {
  static override summary = 'List the mirrors of this host'
  static override description = `Also those of others, marked as foreign, and those that networks ask for and that wait for somebody. The number of packets is up to five seconds old.`
  static override examples = ['<%= config.bin %> mirror ls', '<%= config.bin %> mirror ls --json']

  async run(): Promise<object> {
    const { flags } = await this.parse(ListMirrors)
    const mirrors = await this.look(flags, listMirrors)
    if (!flags.quiet) this.log(mirrors.length === 0 ? 'There is no mirror.' : render(mirrors))
    return { mirrors }
  }
}

function render(mirrors: readonly ListedMirror[]): string {
  const paint = painter(process.stdout)
  const lines = mirrors.map((one) =>
    [
      ...[one.mirror, one.bridge, one.sources.join(', ') || '-', one.dest || '-', one.direction],
      ...[one.packets === null ? '-' : String(one.packets), one.expires ?? '-'],
      one.state === 'ok' ? (one.ours ? 'ok' : 'ok (foreign)') : `${one.state}${one.ours ? '' : ' (foreign)'}`,
    ].map(plainLine),
  )
  const reasons = mirrors.flatMap((one) =>
    one.reason === '' ? [] : `${plainLine(one.mirror)}: ${plainLine(one.reason)}`,
  )
  const headings = ['NAME', 'BRIDGE', 'SOURCES', 'DEST', 'DIRECTION', 'PACKETS', 'EXPIRES', 'STATE']
  return [table(headings, lines, paint.bold), ...reasons].join('\n')
}
