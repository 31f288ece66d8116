import type { Container } from '../docker/container.ts'
import type { Cidr } from '../net/cidr.ts'
import type { Network } from '../network/networks.ts'
import type { AttachRequest } from '../plan/request.ts'

/** Why an interface that is asked for is not to be had. */
export interface Refusal {
  readonly code: string
  readonly message: string
  /** What to do about it. */
  readonly next?: string | undefined
  /** The rule of the policy that says so. */
  readonly rule?: string
}

/** What is wanted of one interface of a container, or why it cannot be had. */
export type Desired =
  | {
      readonly iface: string
      readonly request: AttachRequest
      /** The network that gives what the request leaves open: addresses and gateways. */
      readonly network?: Network
      /** Those of its addresses that it has in the network, and that may become others if they cannot be had. */
      readonly kept?: readonly Cidr[]
      /** Addresses, with or without prefix lengths, that its port has or a record keeps there: nobody has to be asked for them. */
      readonly had?: readonly string[]
      readonly refusal?: undefined
    }
  | { readonly iface: string; readonly refusal: Refusal; readonly request?: undefined }

/** What can be had. */
export type Wanted = Extract<Desired, { readonly request: object }>

/** Where the wanted state comes from: labels and records for `watch`. */
export interface DesiredSource {
  /** What is wanted of a running container. */
  of(container: Container): Promise<readonly Desired[]>
  /** Whether anything can be wanted of a container with these labels: saves looking closer at all others. */
  concerns(id: string, labels: Readonly<Record<string, string>>): boolean
}
