// Words that several checks say in the same way.

/** What `ip link` shows of a link that is down. */
export const linkDown = (name: string): string => `ip link show dev ${name}: not UP`

/** "1 bridge", "2 bridges". */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${String(number)} ${number === 1 ? one : many}`
