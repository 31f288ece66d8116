// The part of the marks that records an external address (marks.ts). A stable interface (man/ovsd.8, "MARKS").
import { OvsdError } from '../errors.ts'
import { parseExternal, type ExternalAddress } from '../net/external.ts'

type Ids = Readonly<Record<string, string>>

const KEY = 'ovsd_external'
const ADDRESS = 'ovsd_ext.'

/** The external_ids that an attachment with an external address has besides. */
export function externalMarks(external: ExternalAddress): Ids {
  const { ip, gateway, link } = external
  const record = { ip: ip.text, ...(gateway === undefined ? {} : { gateway: gateway.text }), link }
  return { [KEY]: JSON.stringify(record), ...externalMark(external) }
}

/**
 * The pair that the row of any attachment with this external address has. Its value is the same for every interface of
 * the host: an address leads to one container, whatever interface it is asked for on.
 */
export const externalMark = ({ ip }: ExternalAddress): Ids => ({ [`${ADDRESS}${ip.text}`]: 'host' })

/** The external address in the marks of a row; undefined for one that is missing or damaged. */
export function readExternal(ids: Ids): ExternalAddress | undefined {
  const text = ids[KEY]
  if (text === undefined) return undefined
  try {
    const record = JSON.parse(text) as Readonly<Record<string, unknown>> | null
    const word = (key: string): string | undefined => (typeof record?.[key] === 'string' ? record[key] : undefined)
    // Checked as words from outside are: what is in it goes into commands.
    return parseExternal({ ip: word('ip'), gateway: word('gateway'), link: word('link') }, (name) => name)
  } catch (error) {
    if (error instanceof OvsdError || error instanceof SyntaxError) return undefined
    throw error
  }
}
