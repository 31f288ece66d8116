import type { ChassisWords } from './lib/ovn/join-words.ts'

/** The values of `chassisFlags`. */
export interface ChassisFlags {
  readonly encap?: string | undefined
  readonly 'encap-ip'?: string | undefined
  readonly 'bridge-mapping'?: readonly string[] | undefined
  readonly 'system-id'?: string | undefined
  readonly 'private-key'?: string | undefined
  readonly certificate?: string | undefined
  readonly 'ca-cert'?: string | undefined
  readonly insecure: boolean
}

/** The same as the library takes them. */
export const chassisWordsOf = (flags: ChassisFlags): ChassisWords => ({
  encap: flags.encap,
  encapIp: flags['encap-ip'],
  bridgeMapping: flags['bridge-mapping'],
  systemId: flags['system-id'],
  privateKey: flags['private-key'],
  certificate: flags.certificate,
  caCert: flags['ca-cert'],
  insecure: flags.insecure,
})
