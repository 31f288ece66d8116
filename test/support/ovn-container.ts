// OVN's central in a container: bringing it up as ovsd does, what the engine has of it, and taking it away.
import { openHost, type Host } from '../../src/lib/host.ts'
import { dockerCentral, type DockerCentral, type DockerCentralOptions } from '../../src/lib/plan/ovn/docker-central.ts'
import { removeDockerCentral } from '../../src/lib/plan/ovn/remove-docker-central.ts'
import { nobody, type Observer } from '../../src/lib/run/observer.ts'
import { perform } from '../../src/lib/run/session.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { IMAGE_FOLDER } from './ovn-image.ts'
import { tool } from './tool.ts'

export const signal = new AbortController().signal

/** What is asked, where only what matters to a test has to be said. */
export type Asked = Partial<DockerCentralOptions>

export interface BringUp {
  readonly runner?: Runner
  readonly observer?: Observer
}

/** What dockerCentral finds and plans, without carrying it out. */
export async function look(host: Host, asked: Asked = {}): Promise<DockerCentral> {
  return dockerCentral(host, { base: 'ovn-base', folder: IMAGE_FOLDER, networks: [], ...asked })
}

/** Plans it and carries it out, under the lock, as a command would. */
export async function bringUp(
  asked: Asked = {},
  { runner = run, observer = nobody }: BringUp = {},
): Promise<DockerCentral> {
  using host = openHost({ runner })
  const done = await perform({ host, signal, observer, dryRun: false }, async () => {
    const result = await look(host, asked)
    const { stages } = result
    return {
      plan: stages.length === 0 ? undefined : { onFailure: 'unwind' as const, title: "Make OVN's central", stages },
      result,
    }
  })
  return done as DockerCentral
}

/** Takes it away, by default with its databases. */
export async function takeDown(deleteData = true, runner: Runner = run): Promise<void> {
  using host = openHost({ runner })
  await perform({ host, signal, observer: nobody, dryRun: false }, async () => {
    const { stages } = await removeDockerCentral(host, { deleteData })
    const plan = { onFailure: 'continue' as const, title: "Remove OVN's central", stages }
    return { plan: stages.length === 0 ? undefined : plan, result: {} }
  })
}

const lines = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort()

const docker = (...args: string[]): readonly string[] => lines(tool('docker', ...args))

/** All that the engine has, and the host's links, routes and listening ports: to be compared. */
export const engineNow = (): unknown => ({
  networks: docker('network', 'ls', '--no-trunc', '--format={{.ID}} {{.Name}}'),
  containers: docker('ps', '--all', '--no-trunc', '--format={{.ID}} {{.Names}} {{.State}}'),
  volumes: docker('volume', 'ls', '--format={{.Name}}'),
  images: docker('images', '--all', '--no-trunc', '--format={{.ID}} {{.Repository}}:{{.Tag}}'),
  links: lines(tool('ip', '-brief', 'link', 'show')).map((line) => line.split(/[ @]/)[0]),
  // Without the kernel's own of IPv6, which come when a link first has a carrier.
  routes: lines(tool('ip', '-4', 'route', 'show', 'table', 'all')),
  listening: listening(),
})

/** Addresses and ports at which somebody listens for TCP on this host. */
export const listening = (): readonly string[] =>
  lines(tool('ss', '--no-header', '--listening', '--tcp', '--numeric')).map((line) => line.split(/\s+/)[3] ?? '')

/** Runs ovn-nbctl in the container, as its users do. */
export const nbctl = (...args: string[]): string => tool('docker', 'exec', 'ovn-central', 'ovn-nbctl', ...args)

/** A part of what docker inspect says. */
export const inspected = (what: string, name = 'ovn-central'): unknown =>
  JSON.parse(tool('docker', 'inspect', `--format={{json ${what}}}`, name))
