// Legs as the recipes make them, on bare namespaces.
import { openHost, type Host } from '../../src/lib/host.ts'
import { parseExternal, type ExternalAddress } from '../../src/lib/net/external.ts'
import { externalRemoval, externalSteps, prepareExternal, type MarksOfLeg } from '../../src/lib/plan/external.ts'
import type { Target } from '../../src/lib/attach/attachment.ts'
import { openTarget } from '../../src/lib/attach/target.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import { run } from '../../src/lib/system/runner.ts'
import type { BareNamespace } from './namespace.ts'

const signal = new AbortController().signal

/** A leg of `eth1` of a namespace. */
export interface TestLeg {
  readonly external: ExternalAddress
  readonly target: Target
  readonly marks: MarksOfLeg
}

export const external = (ip: string, link: string, gateway?: string): ExternalAddress => {
  const parsed = parseExternal({ ip, link, gateway }, (word) => word)
  if (parsed === undefined) throw new Error('no address')
  return parsed
}

/** What the row of the attachment would say. */
export const marksOf = (target: Target, address: ExternalAddress): MarksOfLeg => ({
  id: target.id,
  iface: 'eth1',
  netns: target.netnsPath,
  generation: target.generation,
  external: address,
})

interface Options {
  /** For the steps alone, and not for what is looked at before. */
  readonly runner?: Runner
  /** Asks the network first, which takes two seconds. */
  readonly probe?: boolean
}

/** Has the steps of a leg run as a plan. */
export async function addLeg(
  namespace: BareNamespace,
  address: ExternalAddress,
  { runner = run, probe = false }: Options = {},
): Promise<TestLeg> {
  using host = openHost()
  const { target, netns } = await openTarget(host, namespace.name, { kind: 'path', path: namespace.path })
  using opened = netns
  const prepared = await prepareExternal(host, { target, iface: 'eth1' }, address, [])
  const changing: Host = { ...host, run: runner }
  const stages = externalSteps(changing, { target }, opened, prepared).map((stage) =>
    stage.filter(({ id }) => probe || id !== 'external.probe'),
  )
  await runPlan({ onFailure: 'unwind', title: 'Add a leg', stages }, signal, nobody)
  return { external: address, target, marks: marksOf(target, address) }
}

/** Removes legs from what their marks say. */
export async function removeLegs(...marks: readonly MarksOfLeg[]): Promise<void> {
  using host = openHost()
  const steps = await externalRemoval(host, marks)
  await runPlan({ onFailure: 'continue', title: 'Remove legs', stages: [steps] }, signal, nobody)
}
