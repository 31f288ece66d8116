import { BadInput } from '../errors.ts'

/** An interface or bridge name that the kernel and ovs-vsctl both take literally. */
export type IfName = string & { readonly __brand: 'IfName' }

// dev_valid_name() of the kernel allows more; what is left out here is read by some tool as syntax: ':' (ip labels),
// '%' (expanded by the kernel), a leading '-' (an option), '--' (starts a new ovs-vsctl command).
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/
/** IFNAMSIZ is 16 with the closing NUL. */
const LONGEST = 15
/** Names that are never an interface of a container: the loopback and what the kernel's sysctl tree reserves. */
const TAKEN = new Set(['lo', 'all', 'default'])
/** Names that OVS gives to datapaths (ovs-vswitchd refuses ports with them). */
const OVS_RESERVED = /^ovs-(netdev|system|dummy)$/

function name(field: string, text: string, good: string): IfName {
  if (text === '') throw new BadInput(field, 'the name is empty.', good)
  if (Buffer.byteLength(text) > LONGEST)
    throw new BadInput(field, `"${text}" is longer than the ${String(LONGEST)} bytes that Linux allows.`, good)
  if (!NAME.test(text) || text === '.' || text === '..')
    throw new BadInput(field, `${JSON.stringify(text)} has characters that an interface name cannot have.`, good)
  if (OVS_RESERVED.test(text)) throw new BadInput(field, `"${text}" is reserved by Open vSwitch.`, good)
  return text as IfName
}

/** Parses the name of an interface inside a container; `BadInput` names the field. */
export function parseInterface(text: string, field = 'INTERFACE'): IfName {
  const parsed = name(field, text, 'eth1')
  if (TAKEN.has(text)) throw new BadInput(field, `"${text}" is not a name for a container's interface.`, 'eth1')
  return parsed
}

/** Parses the name of a bridge. */
export function parseBridge(text: string, field = 'BRIDGE'): IfName {
  const parsed = name(field, text, 'br0')
  if (TAKEN.has(text)) throw new BadInput(field, `"${text}" is not a name for a bridge.`, 'br0')
  return parsed
}
