import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { ExternalAddress } from '../net/external.ts'
import { linkExists } from '../net/links.ts'
import { externalMark } from './external-marks.ts'
import { readMarks } from './marks.ts'

/**
 * Refuses an external address that another living attachment has. `except` are ports that this is about, or that will be
 * replaced. Error: AddressInUse.
 */
export async function refuseExternalTaken(
  host: Host,
  external: ExternalAddress,
  except: readonly string[],
): Promise<void> {
  const [rows = []] = await host.ovs.interfaces([{ has: externalMark(external) }])
  const holder = rows.find(({ name }) => !except.includes(name) && linkExists(name))
  if (holder === undefined) return
  const { iface, name } = readMarks(holder.externalIds)
  throw new Refused('AddressInUse', `${external.ip.text} is the external address of ${iface} of ${name}.`, {
    next: 'Choose another one, or detach the other first.',
  })
}
