import { BadInput } from '../errors.ts'

/** Checks the name of a physical network, as `ovn-bridge-mappings` of the hosts have it. Error: BadInput. */
export function parsePhysnet(text: string, field: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(text)) return text
  throw new BadInput(field, `"${text.slice(0, 80)}" is no name of a physical network.`, 'physnet1')
}
