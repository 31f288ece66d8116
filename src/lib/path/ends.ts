import { isContainerName } from '../docker/container-name.ts'
import { BadInput, Refused } from '../errors.ts'
import type { AttachmentSeen } from '../doctor/attachments-seen.ts'
import type { Patient } from '../doctor/patient.ts'
import { isIPv4 } from 'node:net'
import { isIpv6, parseIp, type IpAddress } from '../net/ip-address.ts'
import { netnsInode } from '../system/netns.ts'

/** A container, or a namespace that was attached as one. */
export interface ContainerEnd {
  readonly kind: 'container'
  readonly name: string
  /** Path of its network namespace. */
  readonly netns: string
  readonly attachments: readonly AttachmentSeen[]
  /** Only its addresses of this IP version are meant. */
  readonly family?: 4 | 6
}

/** An address that belongs to no container that is named. */
export interface AddressEnd {
  readonly kind: 'address'
  readonly name: string
  readonly ip: IpAddress
}

export type End = ContainerEnd | AddressEnd

/** Whether two names mean one network: containers may share one (docker run --network=container:NAME). */
export const isOneNamespace = (a: ContainerEnd, b: ContainerEnd): boolean =>
  a.netns === b.netns || (netnsInode(a.netns) !== undefined && netnsInode(a.netns) === netnsInode(b.netns))

/** What is meant by a word: an address, or a container by name or id. Errors: BadInput, ContainerMissing, ContainerNotRunning. */
export async function endOf(patient: Patient, typed: string, field: string): Promise<End> {
  if (isIPv4(typed) || isIpv6(typed)) return { kind: 'address', name: typed, ip: parseIp(typed, field) }
  return await containerEnd(patient, typed, field)
}

/** The container of that name, or the beginning of its id; or the name under which a namespace was attached. Errors: as of `endOf`. */
export async function containerEnd(patient: Patient, typed: string, field: string): Promise<ContainerEnd> {
  if (!isContainerName(typed)) throw new BadInput(field, `"${typed.slice(0, 80)}" is no name of a container.`, 'web')
  const { all } = await patient.attachments()
  const namespaces = all.filter(({ marks }) => marks.netns !== '' && marks.container === typed)
  const [one] = namespaces
  if (one !== undefined) return { kind: 'container', name: typed, netns: one.marks.netns, attachments: namespaces }
  const { id, name, running, pid } = await patient.host.docker.inspect(typed)
  if (!running)
    throw new Refused(
      'ContainerNotRunning',
      `The container ${name} is not running, so nothing goes to it or from it.`,
      {
        next: `Start it: docker start ${name}`,
      },
    )
  return {
    ...{ kind: 'container', name, netns: `/proc/${String(pid)}/ns/net` },
    attachments: all.filter(({ marks, life }) => marks.id === id || life.id === id),
  }
}
