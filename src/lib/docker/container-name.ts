import { BadInput } from '../errors.ts'

/** Whether a text may be a container's name or id: the engine's grammar (moby, daemon/names). */
export const isContainerName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(text)

/** Checks what was typed for a container, before it goes into a request's path. Error: BadInput. */
export function parseContainer(text: string, field = 'CONTAINER'): string {
  if (isContainerName(text)) return text
  throw new BadInput(
    field,
    `${JSON.stringify(text.slice(0, 80))} is not a container's name or id.`,
    'web1 or c474a0e2830e',
  )
}
