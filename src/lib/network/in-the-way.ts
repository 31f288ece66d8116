import type { NetworkSpec } from './spec.ts'

/** A network in messages: as Docker calls it, where it has made it, beside what it is called here. */
export const titled = ({ name, title }: { readonly name: string; readonly title?: string }): string =>
  title === undefined ? name : `${title} (${name})`

/**
 * The end of what to do about a network that keeps another one from being made; '' unless Docker has made it: whoever does
 * not find it there any more could do nothing else.
 */
export const inTheWay = ({ name, docker }: Pick<NetworkSpec, 'name' | 'docker'>): string =>
  docker === undefined ? '' : `; if docker network ls does not show ${name} any more: ovsd net rm ${name} --force`
