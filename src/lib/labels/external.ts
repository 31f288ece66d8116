import { BadInput } from '../errors.ts'
import { parseExternal, type ExternalAddress } from '../net/external.ts'
import type { Asked } from './asked.ts'
import type { Key } from './keys.ts'
import { checkedValue, labelOf, type Defaults } from './words.ts'

const KEY_OF = { ip: 'external_ip', gateway: 'external_gateway', link: 'external_interface' } as const

/**
 * The external address that labels ask for; undefined when they ask for none. `hasIpv4`: the interface gets an IPv4
 * address that it can lead to. Error: BadInput.
 */
export function externalOf(asked: Asked, defaults: Defaults, hasIpv4: boolean): ExternalAddress | undefined {
  const value = (key: Key): string | undefined => {
    const label = asked.labels.get(key)
    return label === undefined ? undefined : checkedValue(key, label)
  }
  const ip = value('external_ip')
  const link = value('external_interface') ?? (ip === undefined ? undefined : defaults.externalInterface)
  const external = parseExternal({ ip, gateway: value('external_gateway'), link }, (word) =>
    labelOf(asked, KEY_OF[word]),
  )
  if (external !== undefined && !hasIpv4)
    throw new BadInput(labelOf(asked, 'ip_address'), 'an external address leads to an IPv4 one.', '10.0.0.2/24')
  return external
}
