// What tests of the DHCP client share: namespaces with a process, attachments to them, and what of clients there is.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { portName } from '../../src/lib/attach/attachment.ts'
import { openHost } from '../../src/lib/host.ts'
import { attachPort } from '../../src/lib/plan/attach-port.ts'
import { detachPort } from '../../src/lib/plan/detach-port.ts'
import { parseAttach, type AttachRequest } from '../../src/lib/plan/request.ts'
import type { AttachResult } from '../../src/lib/plan/attach-result.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { isDryRun, perform } from '../../src/lib/run/session.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { until } from './until.ts'

/** A process with a network of its own, which ends with it. */
export interface Alone extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly netns: string
  kill(): Promise<void>
}

let count = 0

export async function alone(): Promise<Alone> {
  const child = spawn('unshare', ['--net', 'sleep', '100000'], { stdio: 'ignore' })
  const pid = child.pid ?? 0
  await until(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n', 'a namespace')
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return {
    ...{ name: `dhcp${process.pid}-${count++}`, pid, netns: `/proc/${pid}/ns/net`, kill },
    [Symbol.asyncDispose]: kill,
  }
}

/** Words of a supervisor's command line, or of its client's, for each process of such a kind. */
export const clientProcesses = (): readonly { readonly pid: number; readonly words: readonly string[] }[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
        const isOne = words.includes('/run/ovsd/dhcp/supervise') || words.includes('udhcpc')
        return isOne ? [{ pid: Number(name), words }] : []
      } catch {
        return []
      }
    })

/** The supervisors of a port. */
export const supervisorsOf = (port: string): readonly number[] =>
  clientProcesses()
    .filter(({ words }) => words.includes('/run/ovsd/dhcp/supervise') && words.includes(port))
    .map(({ pid }) => pid)

/** The udhcpc of a supervisor. */
export const udhcpcOf = (supervisor: number): number | undefined =>
  clientProcesses().find(
    ({ pid, words }) =>
      words.includes('udhcpc') && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(` ${supervisor} `),
  )?.pid

export const portOfAlone = ({ name }: { readonly name: string }): string => portName(name, 'eth1')

export const requestForAlone = (bridge: string, { name, pid }: Alone): AttachRequest => ({
  ...parseAttach({ bridge, iface: 'eth1', container: name, pid: String(pid) }),
  dhcp: true,
})

const signal = new AbortController().signal

/** Attaches eth1 with an address by DHCP. */
export async function lease(bridge: string, who: Alone, more: Partial<AttachRequest> = {}): Promise<AttachResult> {
  return attachWith(run, { ...requestForAlone(bridge, who), ...more })
}

export async function attachWith(runner: Runner, request: AttachRequest): Promise<AttachResult> {
  using host = openHost({ runner })
  const outcome = await perform({ host, signal, observer: nobody, dryRun: false }, () => attachPort(host, request))
  if (isDryRun(outcome)) throw new Error('unexpected')
  return outcome
}

/** Detaches it as del-port does. */
export async function detach(bridge: string, { name }: Alone): Promise<void> {
  using host = openHost()
  await perform({ host, signal, observer: nobody, dryRun: false }, () => detachPort(host, bridge, 'eth1', name))
}
