// Started under the name ovs-docker, ovsd takes that script's command lines and gives its statuses.
import { OVS_DOCKER_USAGE } from './ovs-docker-usage.ts'

/** Something to print instead of running a command. */
export interface Reply {
  readonly text: string
  readonly stream: 'stdout' | 'stderr'
  readonly status: number
}

const COMMANDS: Readonly<Record<string, { readonly operands: number; readonly options: readonly string[] }>> = {
  'add-port': { operands: 3, options: ['--ipaddress', '--gateway', '--macaddress', '--mtu'] },
  'del-port': { operands: 3, options: [] },
  'del-ports': { operands: 2, options: [] },
  'set-vlan': { operands: 4, options: [] },
}

/** Turns a command line of ovs-docker into one of ovsd, or into the reply that the script would give. */
export function translate(argv: readonly string[]): string[] | Reply {
  const [command, ...words] = argv
  if (command === undefined || command === '-h' || command === '--help')
    return { text: OVS_DOCKER_USAGE, stream: 'stdout', status: 0 }
  const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined
  if (known === undefined) return complaint(`unknown command "${command}" (use --help for help)`)
  const operands = words.slice(0, known.operands)
  if (operands.length < known.operands || (command === 'add-port' && operands.includes('')))
    return command === 'add-port'
      ? complaint('add-port: not enough arguments (use --help for help)')
      : { text: OVS_DOCKER_USAGE, stream: 'stdout', status: 1 }
  // The script ignores what follows the operands of its other commands; so do scripts that were written for it.
  const options = command === 'add-port' ? addPortOptions(words.slice(known.operands), known.options) : []
  return Array.isArray(options) ? [command, ...options, '--', ...operands] : options
}

/** Options with a value; those with an empty one are left out, as the script does; of repeated ones the last counts. */
function addPortOptions(words: readonly string[], allowed: readonly string[]): string[] | Reply {
  const values = new Map<string, string>()
  for (const word of words) {
    const equals = word.indexOf('=')
    const name = word.slice(0, equals)
    if (equals < 0 || !allowed.includes(name)) return complaint(`add-port: unknown option "${word}"`)
    values.set(name, word.slice(equals + 1))
  }
  return [...values].filter(([, value]) => value !== '').map(([name, value]) => `${name}=${value}`)
}

const complaint = (text: string): Reply => ({ text: `ovs-docker: ${text}\n`, stream: 'stderr', status: 1 })
