import { linkDeletion, linksIn } from '../link-deletion.ts'
import { failAll, sharedRun } from './shared-run.ts'
import type { Way } from './way.ts'

/** Many deletions of links as one: the kernel waits once for all of them. */
export const removal: Way = {
  key({ tool, args, input = '', inside, okStatuses }) {
    const fits =
      tool === 'ip' && inside === undefined && okStatuses === undefined && args.join(' ') === '-force -batch -'
    return fits && linksIn(input) !== undefined ? '' : undefined
  },
  async together(members, runner) {
    const links = new Set(members.flatMap(({ command }) => linksIn(command.input ?? '') ?? []))
    const failure = await sharedRun(members, linkDeletion([...links]), runner)
    // One was gone already, and all others are now: who asked looks for his own.
    if (failure !== undefined) failAll(members, failure)
    return []
  },
}
