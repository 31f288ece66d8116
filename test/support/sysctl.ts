// Settings of the kernel for each link, read as files: sysctl(8) walks all of /proc/sys for a pattern.
import { readdirSync, readFileSync } from 'node:fs'

/** Those settings of all links whose names match, as "conf/eth0/forwarding=1", sorted. A link may go meanwhile. */
export function linkSettings(family: 'ipv4' | 'ipv6', names: RegExp): readonly string[] {
  const conf = `/proc/sys/net/${family}/conf`
  return readdirSync(conf)
    .flatMap((link) => namesIn(`${conf}/${link}`, names).flatMap((name) => setting(conf, `${link}/${name}`)))
    .sort()
}

/** One setting as "ip_forward=1". */
export const hostSetting = (family: 'ipv4' | 'ipv6', name: string): string =>
  `${name}=${readFileSync(`/proc/sys/net/${family}/${name}`, 'utf8').trim()}`

const namesIn = (folder: string, names: RegExp): readonly string[] =>
  orGone(() => readdirSync(folder)).filter((name) => names.test(name))

const setting = (conf: string, path: string): readonly string[] =>
  orGone(() => [`conf/${path}=${readFileSync(`${conf}/${path}`, 'utf8').trim()}`])

function orGone(read: () => readonly string[]): readonly string[] {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
