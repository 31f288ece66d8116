import { resolve } from 'node:path'
import { BaseCommand, type GlobalFlags } from '../../base-command.ts'
import { stateFlags } from '../../flags.ts'
import { BadInput, OvsdError } from '../../lib/errors.ts'
import { parseNetworkName } from '../../lib/network/name.ts'
import { completeNetwork } from '../../lib/plan/complete-network.ts'
import { importState, type ImportedState } from '../../lib/plan/import-state.ts'
import { isDryRun } from '../../lib/run/session.ts'
import { keptNetworks } from '../../lib/state/collect.ts'
import { readDocument, type StateDocument } from '../../lib/state/document.ts'
import { readExport } from '../../lib/state/export-file.ts'
import { closest } from '../../lib/ui/closest.ts'
import { Args, Flags } from '../../oclif.ts'
import { storeOf } from '../../store.ts'

export default class ImportState extends BaseCommand {
  static override summary = 'Put back what the Open vSwitch database has lost'
  static override description = `Creates the networks that are missing, with their bridges, as net create does. Without FILE they are those that the store has copies of. With FILE, which state export has made, they are those in it, and with them come the records of persistent attachments: containers are attached again by watch. All is checked first: when something that is missing cannot be put back, nothing is done. What is there stays as it is, also when it is otherwise; that is said. Then the store has a copy of every network. Repeated, it finds nothing to do.`
  static override examples = [
    '<%= config.bin %> state import --dry-run',
    '<%= config.bin %> state import',
    '<%= config.bin %> state import --except=red',
  ]
  static override args = { file: Args.string({ description: 'file that state export has made' }) }
  static override flags = {
    ...stateFlags,
    except: Flags.string({
      description: 'Leave out this network, and what is attached to it; may be repeated',
      helpValue: 'NETWORK',
      multiple: true,
      multipleNonGreedy: true,
    }),
  }
  static override live = { except: 'network' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ImportState)
    if (args.file === '-')
      throw new BadInput('FILE', '"-" is not a file: standard input is not read.', '/root/ovsd-state.json')
    const except = (flags.except ?? []).map((name) => parseNetworkName(name, '--except'))
    const store = storeOf(flags, (message) => {
      this.caution(message)
    })
    const file = args.file === undefined ? undefined : resolve(args.file)
    const document = file === undefined ? undefined : readDocument(await readExport(file), file)
    if (except.length > 0) {
      // Asked quietly: what is wrong with the store is said once, by the import.
      const quiet = storeOf(flags, () => undefined)
      refuseUnknown(except, namesIn(document ?? { networks: await keptNetworks(quiet), attachments: [] }))
    }
    const outcome = await this.perform(flags, (host) => importState(host, store, document, except))
    const answer = this.answer(outcome, flags, describe)
    if (!isDryRun(outcome)) await this.#complete(flags, outcome.networks)
    return answer
  }

  /** One after the other, now that all are there. What fails leaves the network recorded: it is tried again by watch. */
  async #complete(flags: GlobalFlags, networks: ImportedState['networks']): Promise<void> {
    for (const { network, status } of networks) {
      if (status !== 'restored') continue
      try {
        await this.perform(flags, (host) => completeNetwork(host, network))
      } catch (error) {
        if (!(error instanceof OvsdError) || error.status > 100) throw error
        process.exitCode = Math.max(error.status, Number(process.exitCode ?? 0))
        this.caution(`${network} is put back, but not whole: ${error.message}`)
      }
    }
  }
}

/** The networks that there is something to import of. */
const namesIn = ({ networks, attachments }: Pick<StateDocument, 'networks' | 'attachments'>): readonly string[] => [
  ...networks.map(({ name }) => name),
  ...attachments
    .map(({ record }) => (record as { network?: unknown } | null)?.network)
    .filter((name) => typeof name === 'string'),
]

/** A name that is mistyped would let just the network be put back that was to be left out. Error: BadInput. */
function refuseUnknown(except: readonly string[], names: readonly string[]): void {
  const wrong = except.find((name) => !names.includes(name))
  const [first] = names
  // Where nothing is imported, nothing is put back that should not be.
  if (wrong === undefined || first === undefined) return
  throw new BadInput('--except', `"${wrong}" is no network of what is imported.`, closest(wrong, names) ?? first)
}

function describe({ networks, attachments, files }: ImportedState): string {
  const lines = [
    ...networks.flatMap(({ network, bridge, status, message }) =>
      line(`network ${network} on ${bridge}`, status, message),
    ),
    ...attachments.flatMap(({ bridge, container, interface: iface, status, message }) =>
      line(`${iface} of ${container} on ${bridge}`, status, message),
    ),
    ...files.map(({ file, status }) => `${file}: ${FILES[status]}`),
  ]
  return lines.length === 0 ? 'Nothing is missing.' : lines.join('\n')
}

const line = (what: string, status: 'restored' | 'unchanged' | 'differs', message: string | null): readonly string[] =>
  status === 'unchanged' ? [] : [`${what}: ${status === 'restored' ? 'put back' : `left as it is: ${message ?? ''}`}`]

const FILES: Readonly<Record<ImportedState['files'][number]['status'], string>> = {
  written: 'written',
  'set-aside': 'put aside as .backup',
  differs: 'left as it is: the store has something else there',
}
