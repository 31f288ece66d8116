import { linkAlias } from '../../attach/marks.ts'
import { calledFor, farName, portName, type Attachment } from '../../attach/attachment.ts'
import { CommandFailed, Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { linkExists } from '../../net/links.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'
import { deleteLinks } from './link-remove.ts'

/**
 * Creates the veth pair, the far end with its MAC and MTU: straight inside the namespace and with its name; or, without one, on the
 * host, for Docker to take it from there.
 */
export function vethCreate(host: Host, attachment: Attachment, netns: Netns | undefined): ReversibleStep {
  const { iface, mac, mtu, target } = attachment
  const port = portName(target.id, iface)
  const far = netns === undefined ? farName(target.id, iface) : iface
  const place = netns === undefined ? '' : ` netns ${netns.path}`
  const size = mtu === undefined ? '' : ` mtu ${String(mtu)}`
  // Below 1280 bytes the kernel gives a link no IPv6 at all, and the tool fails at its settings (RFC 8200, section 5).
  const hasIpv6 = mtu === undefined || mtu >= 1280
  const command: Command = {
    tool: 'ip',
    args: ['-batch', '-'],
    ...(netns === undefined ? {} : { mentions: netns }),
    joint: 'batch',
    input: [
      `link add ${port}${size} type veth peer name ${far} address ${mac}${size}${place}`,
      `link set dev ${port} alias ${linkAlias(target.id, iface)}`,
      // The host must not take part in the container's network with a link-local address of its own.
      ...(hasIpv6 ? [`link set dev ${port} addrgenmode none`] : []),
      // Nor answer there for addresses that it has elsewhere: on a userspace bridge its own network hears what comes in, too.
      `link set dev ${port} arp off`,
      `link set dev ${port} up`,
      '',
    ].join('\n'),
  }
  return {
    id: 'veth.create',
    title:
      netns === undefined
        ? `Create the pair of links ${port} and ${far}`
        : `Create interface ${iface} in the container (host side ${port})`,
    leaves: `link ${port}`,
    commands: () => [command],
    isDone: () => Promise.resolve(linkExists(port)),
    async apply(signal) {
      try {
        await host.run(command, signal)
      } catch (error) {
        if (!isNameTaken(error)) throw error
        throw linkExists(port) || netns === undefined
          ? cameMeanwhile(attachment, error)
          : interfaceExists(attachment, error)
      }
    },
    undo: (signal) => deleteLinks(host, [port], signal),
  }
}

/** ip's words for EEXIST on the first line of a batch: one of the two names is taken, and nothing was created. */
const isNameTaken = (error: unknown): boolean =>
  error instanceof CommandFailed && /File exists[\s\S]*Command failed -:1\b/.test(error.said)

/** A tool whose ovsd was killed has still done its work, after it was looked for what that one had left. */
const cameMeanwhile = ({ iface, target }: Attachment, cause: unknown): Refused =>
  new Refused(
    'LinkNameTaken',
    `What a killed run had begun has just created ${iface} of the container ${calledFor(target)}.`,
    {
      cause,
      next: 'That is gone now; repeat the command.',
    },
  )

/** The name is taken inside by something that ovsd knows nothing of. */
export function interfaceExists({ iface, target, bridge }: Attachment, cause?: unknown): Refused {
  return new Refused(
    'InterfaceExists',
    `The container ${calledFor(target)} already has an interface ${iface}, and it is not ovsd's.`,
    {
      cause,
      next: `Choose another name: ovsd add-port ${bridge} eth2 ${calledFor(target)} …`,
    },
  )
}
