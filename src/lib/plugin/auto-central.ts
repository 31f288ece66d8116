import type { Host } from '../host.ts'
import type { CentralWish } from '../network/central-wish.ts'
import { networksOf } from '../network/networks.ts'
import { lifeOf } from '../ovn/life.ts'
import { parseCentral } from '../ovn/join-words.ts'
import { readLocal } from '../ovn/local.ts'
import { ovnOrNone } from '../ovn/of-host.ts'
import { bootstrap, type BootstrapWords } from '../plan/ovn/bootstrap.ts'
import type { Plan, ReversibleStep } from '../plan/step.ts'
import { asOvsdError } from '../reconcile/refusals.ts'
import type { Chore, Due } from '../reconcile/upkeep.ts'
import { nobody } from '../run/observer.ts'
import { runPlan } from '../run/run-plan.ts'

/** Making the image takes minutes where it has to be fetched. */
const BUILD_MS = 900_000

/**
 * Makes the central of OVN, and this host a chassis of it, for networks that bring it with them (`ovn.auto_create`), where none answers. Nothing waits
 * for it: it is Docker itself that is asked for a container, which it can give to nobody while it starts, and starts nothing while the driver does not
 * answer. So its image is made before the host-wide lock is taken, and only once the engine answers. Errors: those of bootstrap.
 */
export function autoCentral(): Chore {
  let build: Build | undefined
  return async (host, signal) => {
    if (!host.isDefaultDatabase) return []
    const found = (await networksOf(host)).find((one) => 'spec' in one && one.spec.central !== undefined)
    if (found === undefined || !('spec' in found) || found.spec.central === undefined) return []
    const known = await ovnOrNone(host)
    if (known !== undefined && 'id' in (await lifeOf(known.central))) return []
    await host.docker.networks()
    signal.throwIfAborted()
    const words = await wordsFor(host, found.spec.central, known !== undefined)
    const due: Due = {
      about: 'OVN',
      why: [`the network ${found.title ?? found.name} asks for a central, and none answered`],
      plan: async () => (await bootstrap(host, words)).plan,
    }
    const image = imageStep((await bootstrap(host, words)).plan)
    if (image === undefined) return [due]
    if (build?.isOver === true) {
      const { error } = build
      build = undefined
      return [{ ...due, plan: () => Promise.reject(asOvsdError(error)) }]
    }
    build ??= begun({ onFailure: 'unwind', title: image.title, stages: [[image]] })
    return [{ ...due, isSettling: true }]
  }
}

/** An image that is being made. */
interface Build {
  isOver: boolean
  /** Why there is none although it is over. */
  error?: unknown
}

function begun(plan: Plan): Build {
  const build: Build = { isOver: false }
  runPlan(plan, AbortSignal.timeout(BUILD_MS), nobody)
    .catch((error: unknown) => {
      build.error = error
    })
    .finally(() => {
      build.isOver = true
    })
  return build
}

const imageStep = (plan: Plan | undefined): ReversibleStep | undefined =>
  plan?.onFailure === 'unwind' ? plan.stages.flat().find(({ id }) => id === 'central-image.build') : undefined

/** One that answers where the network says is joined; else one is made in a container. */
async function wordsFor(host: Host, wish: CentralWish, isChassis: boolean): Promise<BootstrapWords> {
  const { network, northbound, southbound, encap, encapIp } = wish
  // It has its central, which has to be started.
  if (isChassis) return {}
  const tunnels = { encap, encapIp }
  if (northbound !== undefined) {
    const { tls } = await readLocal(host)
    const there = parseCentral(northbound, southbound, tls, '--opt ovn.nb_connection')
    if ('id' in (await lifeOf(there))) return { ...tunnels, central: northbound, southbound }
  }
  return { ...tunnels, network }
}
