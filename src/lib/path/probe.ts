// A real packet, sent inside the namespace of the container with tools that the host has.
import { CommandFailed, ToolMissing } from '../errors.ts'
import type { Host } from '../host.ts'
import type { Command } from '../system/command.ts'
import { openNetns, type Netns } from '../system/netns.ts'
import type { Traffic } from './question.ts'

/**
 * What came of it. `arrives`: somebody answered. `refused`: it got there, and nobody listens. `silent`: no answer. `unsure`: of UDP no
 * answer says nothing. `unknown`: the host has no tool for it.
 */
export type Probed = 'arrives' | 'refused' | 'silent' | 'unsure' | 'unknown'

/** How long an answer may take, in seconds. */
const WAIT_S = 2

/** Sends a packet from a namespace to an address; an answer may take `waitS` seconds. Errors: NamespaceMissing, HostNetwork. */
export const probe = (
  host: Host,
  netnsPath: string,
  whose: string,
  address: string,
  traffic: Traffic,
  waitS = WAIT_S,
): Promise<Probed> => send(host, address, traffic, () => openNetns(netnsPath, whose), waitS)

/** Sends one from the host itself. */
export const probeFromHost = (host: Host, address: string, traffic: Traffic): Promise<Probed> =>
  send(host, address, traffic, () => undefined)

async function send(
  host: Host,
  address: string,
  traffic: Traffic,
  open: () => Netns | undefined,
  waitS = WAIT_S,
): Promise<Probed> {
  for (const command of commandsFor(address, traffic, waitS)) {
    using inside = open()
    try {
      const within = inside === undefined ? {} : { inside }
      const { stdout } = await host.run({ ...command, ...within, timeoutMs: (waitS + 1) * 1000 })
      return traffic.kind === 'udp' && !stdout.includes('answer') ? 'unsure' : 'arrives'
    } catch (error) {
      if (isMissing(error)) continue
      if (!(error instanceof CommandFailed)) throw error
      if (error.said.includes('Connection refused')) return 'refused'
      return traffic.kind === 'udp' ? 'unsure' : 'silent'
    }
  }
  return 'unknown'
}

/**
 * Whether a ping with packets of so many bytes is answered. They are not cut: the kernel forbids that in what fits its own link (ip(7),
 * IP_MTU_DISCOVER), until a router has said that less fits. Then they are small enough at the second try, as those of any program.
 * Undefined when the host has no ping. Errors: NamespaceMissing, HostNetwork.
 */
export async function largeArrives(
  host: Host,
  netnsPath: string,
  whose: string,
  address: string,
  bytes: number,
): Promise<boolean | undefined> {
  const headers = address.includes(':') ? IPV6_AND_ICMP : IPV4_AND_ICMP
  const size = ['-s', String(bytes - headers)]
  for (const tries of [1, 2])
    for (const command of pings([...size, '-c', String(tries), '-W', '1', address])) {
      using inside = openNetns(netnsPath, whose)
      try {
        await host.run({ ...command, inside, timeoutMs: 5000 })
        return true
      } catch (error) {
        if (isMissing(error)) {
          if (command.tool === 'busybox') return undefined
          continue
        }
        if (!(error instanceof CommandFailed)) throw error
        break
      }
    }
  return false
}

/** Bytes before what a ping carries. */
const IPV4_AND_ICMP = 28
const IPV6_AND_ICMP = 48

/** nsenter, too, says when there is no such tool. */
const isMissing = (error: unknown): boolean =>
  error instanceof ToolMissing ||
  (error instanceof CommandFailed && /not found|No such file/.test(error.said) && error.command.includes('nsenter'))

const pings = (args: readonly string[]): readonly Command[] => [
  { tool: 'ping', args: ['-n', ...args] },
  { tool: 'busybox', args: ['ping', ...args] },
]

/** Commands that send it, the first that the host has counts. bash opens sockets by itself (bash(1), REDIRECTION). */
function commandsFor(address: string, traffic: Traffic, waitS: number): readonly Command[] {
  const wait = String(waitS)
  switch (traffic.kind) {
    case 'icmp':
      return pings(['-c', '1', '-W', wait, address])
    case 'tcp':
      return [{ tool: 'bash', args: ['-c', 'exec 3<>"/dev/tcp/$0/$1"', address, String(traffic.port)] }]
    case 'udp':
      // An ICMP "port unreachable" is told at the next packet.
      return [
        {
          tool: 'bash',
          args: [
            '-c',
            'exec 3<>"/dev/udp/$0/$1" && echo >&3 && { read -t 1 -N 1 -u 3 || { echo >&3 && false; }; } && echo answer',
            ...[address, String(traffic.port)],
          ],
        },
      ]
  }
}
