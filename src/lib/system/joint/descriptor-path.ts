import type { Netns } from '../netns.ts'

/**
 * The path under which another process of the host finds an open descriptor of ours. Unlike one that is handed down, it
 * works for any number of them, and in processes that a tool starts.
 */
export const descriptorPath = (fd: number): string => `/proc/${String(process.pid)}/fd/${String(fd)}`

/** The text with the namespace that was opened and checked in the place of its path (as runner.ts does). */
export const byDescriptor = (text: string, netns: Netns | undefined): string =>
  netns === undefined ? text : text.replaceAll(netns.path, descriptorPath(netns.fd))

/** The other way round: what a tool says of a descriptor, as a person reads it. */
export const byPath = (text: string, netns: Netns | undefined): string =>
  netns === undefined ? text : text.replaceAll(new RegExp(`${descriptorPath(netns.fd)}\\b`, 'g'), netns.path)
