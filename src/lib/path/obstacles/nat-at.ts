import { segment } from '../../attach/taken.ts'
import type { AttachmentSeen } from '../../doctor/attachments-seen.ts'
import type { Patient } from '../../doctor/patient.ts'
import { gatewaysOf, type Gateway } from '../../network/gateway.ts'
import type { Network } from '../../network/networks.ts'

/** The nat network whose gateway a port has an address of, whoever put the port there. Undefined when it is no such address. */
export async function natAt(
  patient: Patient,
  { where }: AttachmentSeen,
  address: string,
): Promise<{ readonly network: Network; readonly gateway: Gateway } | undefined> {
  const networks = (await patient.networks()).filter((one): one is Network => 'spec' in one)
  const gateways = await gatewaysSeen(patient)
  const gateway = gateways.find(
    ({ bridge, tag, sides }) =>
      bridge === where.bridge.name && tag === segment(where.port.vlan) && sides.some(({ ip }) => ip === address),
  )
  const network = networks.find(({ spec }) => spec.name === gateway?.network)
  return gateway === undefined || network === undefined ? undefined : { network, gateway }
}

/** The gateways of all nat networks of this host. */
export const gatewaysSeen = async (patient: Patient): Promise<readonly Gateway[]> =>
  await gatewaysOf(
    patient.host,
    (await patient.networks()).flatMap((one) => ('spec' in one ? [one.spec] : [])),
  )
