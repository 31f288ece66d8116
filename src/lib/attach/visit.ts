import { isForbidden } from '../errors.ts'
import type { Host } from '../host.ts'
import { openNetns } from '../system/netns.ts'
import { lookInside, type Inside } from './inside.ts'
import type { Spec } from './marks.ts'

/** Looks into the namespace at a path: undefined when the namespace has gone meanwhile, 'hidden' when ovsd may not look. */
export async function visit(
  host: Host,
  path: string,
  specs: readonly (Spec | undefined)[],
): Promise<Inside | 'hidden' | undefined> {
  try {
    using netns = openNetns(path, path)
    return await lookInside(host.run, netns, specs)
  } catch (error) {
    const { cause } = error as { cause?: unknown }
    return isForbidden(cause) || /not permitted|denied/.test(String(error)) ? 'hidden' : undefined
  }
}
