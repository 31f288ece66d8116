// Runs one command in a fresh private host: `node lab/run.ts [--services=db|ovs|docker] [--live-restore] -- COMMAND ARG…`
// with our stdin, stdout, stderr and its exit status.
import { parseArgs } from 'node:util'
import { foreground } from './foreground.ts'
import { startHost, type Services } from './private-host.ts'

const usage = 'usage: node lab/run.ts [--services=db|ovs|docker] [--live-restore] -- COMMAND ARG…'

function parse() {
  const { values, positionals } = parseArgs({
    options: { services: { type: 'string', default: 'docker' }, 'live-restore': { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  if (positionals.length === 0) throw new Error('no command')
  if (!['db', 'ovs', 'docker'].includes(values.services)) throw new Error(`no services "${values.services}"`)
  return { services: values.services as Services, liveRestore: values['live-restore'], command: positionals }
}

async function main(): Promise<number> {
  let request
  try {
    request = parse()
  } catch (error) {
    console.error(`lab: ${(error as Error).message}\n${usage}`)
    return 2
  }
  await using host = await startHost(request)
  return await foreground(host, request.command)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`lab: ${(error as Error).message}`)
  process.exitCode = 1
}
