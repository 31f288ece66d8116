import { inventory, type Inventoried } from '../attach/inventory.ts'
import type { Host } from '../host.ts'
import { networksOf } from './networks.ts'

/** An attachment with what Docker calls its network; '' for one that Docker has not made, or whose name is not known yet. */
export interface TitledAttachment extends Inventoried {
  readonly networkTitle: string
}

/** Every attachment of this host, as `inventory` gives them. Errors: those of the database. */
export async function titledAttachments(host: Host): Promise<readonly TitledAttachment[]> {
  const [attachments, networks] = await Promise.all([inventory(host), networksOf(host)])
  const titles = new Map(networks.map(({ bridge, name, title = '' }) => [`${bridge} ${name}`, title]))
  return attachments.map((one) => ({ ...one, networkTitle: titles.get(`${one.bridge} ${one.network}`) ?? '' }))
}
