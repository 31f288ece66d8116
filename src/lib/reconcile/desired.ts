import type { Container } from '../docker/container.ts'
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
  | { readonly iface: string; readonly request: AttachRequest; readonly refusal?: undefined }
  | { readonly iface: string; readonly refusal: Refusal; readonly request?: undefined }

/** Where the wanted state comes from: labels and records for `watch`. */
export interface DesiredSource {
  /** What is wanted of a running container. */
  of(container: Container): Promise<readonly Desired[]>
  /** Whether anything can be wanted of a container with these labels: saves looking closer at all others. */
  concerns(id: string, labels: Readonly<Record<string, string>>): boolean
}
