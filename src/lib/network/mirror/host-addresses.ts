import { CommandFailed } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { linkExists } from '../../net/links.ts'
import type { MirrorPort } from './ports.ts'
import type { HostAddresses } from './use.ts'

interface Addressed {
  readonly addr_info?: readonly { readonly local: string; readonly scope: string }[]
}

/** The host's addresses on those ports that are devices of its own, as an internal one is. */
export async function hostAddressesOn(host: Host, ports: readonly MirrorPort[]): Promise<HostAddresses> {
  const devices = ports.filter(({ name, marks }) => !marks.ours && linkExists(name))
  return new Map(await Promise.all(devices.map(async ({ name }) => [name, await addressesOn(host, name)] as const)))
}

async function addressesOn(host: Host, device: string): Promise<readonly string[]> {
  try {
    const { stdout } = await host.run({ tool: 'ip', args: ['-json', 'address', 'show', 'dev', device] })
    const [link] = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly Addressed[]
    return (link?.addr_info ?? []).filter(({ scope }) => scope !== 'link').map(({ local }) => local)
  } catch (error) {
    // It went meanwhile, with what it had.
    if (error instanceof CommandFailed && !linkExists(device)) return []
    throw error
  }
}
