import { BadInput } from '../errors.ts'

/** Checks the name of a network: what can stand in a mark, a label and a command line as it is. Error: BadInput. */
export function parseNetworkName(text: string, field = 'NETWORK', good = 'blue'): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(text)) return text
  throw new BadInput(
    field,
    `${JSON.stringify(text.slice(0, 80))} is not a name of 1 to 63 letters, digits and _ . -`,
    good,
  )
}
