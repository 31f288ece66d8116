import { parseListenAddress, type ListenAddress } from './listen-address.ts'
import { SERVERS } from './settings-names.ts'
import type { Sourced, Sources } from './settings-sources.ts'
import { parseSwitch } from './settings-values.ts'

type Server = keyof typeof SERVERS

/**
 * Where a server listens; undefined when it is not wanted. ovs-port-manager says in one setting whether and in another
 * where. Error: BadInput.
 */
export function serverOf(from: Sources, server: Server, allowRemote = false): ListenAddress | undefined {
  const { on } = SERVERS[server]
  const ours = from.ours(server)
  if (ours !== undefined) return parseListenAddress(ours.text, ours.field, allowRemote)
  const theirs = from.variable(on.env)
  if (theirs !== undefined) return theirServer(from, server, theirs)
  const inFile = from.inFile(server)
  if (inFile !== undefined) return parseListenAddress(inFile.text, inFile.field, allowRemote)
  const theirsInFile = from.inFile(on.file)
  return theirsInFile === undefined ? undefined : theirServer(from, server, theirsInFile)
}

/** `:8080` was meant to be every address of the host. Here that, and any other, is the loopback: it has no password. */
function theirServer(from: Sources, server: Server, wanted: Sourced): ListenAddress | undefined {
  if (!parseSwitch(wanted.text, wanted.field)) return undefined
  const { address, usual } = SERVERS[server]
  const { text, field } = from.variable(address.env) ??
    from.inFile(address.file) ?? { text: usual, field: wanted.field }
  const asked = parseListenAddress(text, field, true)
  if (asked.path !== undefined || (/^(127\.|::1$)/.test(asked.host) && !text.startsWith(':'))) return asked
  const local = parseListenAddress(`:${String(asked.port)}`, field)
  from.notices.push(`${field}: the address ${text} is taken as ${local.text}, which only this host can reach.`)
  return local
}
