import type { Host } from '../../host.ts'
import { readLocal } from '../../ovn/local.ts'
import type { TlsFiles } from '../../ovn/tls.ts'
import type { ReversibleStep } from '../step.ts'
import { unregisterRunning, type Registration } from './chassis-remove.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

type Ids = Readonly<Record<string, string>>

/** What is told. */
export interface ChassisNews {
  /** The external_ids of Open_vSwitch until now. */
  readonly before: Ids
  /** What they get. */
  readonly set: Ids
  /** Keys and certificates that Open vSwitch does not know of. */
  readonly tls?: TlsFiles | undefined
  /** Where an ovn-controller that runs already will register, and goes on running when it is undone. */
  readonly registers?: Registration | undefined
}

/** Tells Open vSwitch what makes this host a chassis, in one transaction. */
export function chassisSet(host: Host, { before, set, tls, registers }: ChassisNews): ReversibleStep {
  const files =
    tls === undefined ? undefined : ([tls.privateKey, tls.certificate, tls.caCert] as [string, string, string])
  const command = host.vsctl.setHostPairs({ set, tls: files })
  const isSet = async (): Promise<boolean> => {
    const now = await readLocal(host)
    return (
      Object.entries(set).every(([key, value]) => now.externalIds[key] === value) &&
      (tls === undefined || now.tls?.certificate === tls.certificate)
    )
  }
  return {
    id: 'chassis.set',
    title: 'Tell Open vSwitch about OVN',
    leaves: `external_ids ${Object.keys(set).join(', ')} of Open_vSwitch`,
    commands: () => [command],
    isDone: isSet,
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      const now = await readLocal(host)
      const own = Object.entries(set).filter(([key, value]) => now.externalIds[key] === value)
      const back = own.flatMap(([key]) => {
        const old = before[key]
        return old === undefined ? [] : [[key, old] as const]
      })
      const forget = own.flatMap(([key]) => (before[key] === undefined ? [key] : []))
      const hasFiles = tls !== undefined && now.tls?.certificate === tls.certificate
      if (own.length === 0 && !hasFiles) return
      const pairs = { set: Object.fromEntries(back), forget, ...(hasFiles ? { tls: 'none' as const } : {}) }
      await host.run(host.vsctl.setHostPairs(pairs, UNDO_WAIT_S), signal)
      if (registers !== undefined) await unregisterRunning(host, registers, signal)
    },
  }
}
