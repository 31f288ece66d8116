import { BadInput } from '../errors.ts'

/** Checks the name of a tenant: what can stand in a mark, in a table and on a command line as it is. */
export function parseTenant(text: string, field = '--tenant'): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(text)) return text
  throw new BadInput(field, `${JSON.stringify(text.slice(0, 80))} is not a name of letters, digits and _ . -`, 'blue')
}
