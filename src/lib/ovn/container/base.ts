import { readFileSync } from 'node:fs'

/** What the image is based on where it cannot be what the host runs. */
const ELSE = 'debian:trixie-slim'

/**
 * The image that central's is built on: the system of the host, so that its ovn-northd and the ovn-controller of the host
 * are of one version. `osRelease` is the text of os-release(5).
 */
export function baseFor(osRelease: string): string {
  const value = (key: string): string => new RegExp(`^${key}="?([a-z0-9.]+)"?$`, 'm').exec(osRelease)?.[1] ?? ''
  const [id, codename, version] = [value('ID'), value('VERSION_CODENAME'), value('VERSION_ID')]
  if (id === 'debian' && codename !== '') return `debian:${codename}-slim`
  if (id === 'ubuntu' && version !== '') return `ubuntu:${version}`
  return ELSE
}

/** The same, for this host. */
export function baseHere(): string {
  try {
    return baseFor(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return ELSE
  }
}
