// The tiers of tests: which there are, where each runs, and what each needs.
import { accessSync, constants, globSync } from 'node:fs'

/** Where a tier runs: on the machine as it is, or in a private host (lab/run.ts). */
export type Where = 'machine' | 'lab'

const places: Record<string, Where> = {
  unit: 'machine',
  contract: 'machine',
  db: 'lab',
  kernel: 'lab',
  docker: 'lab',
  ovn: 'lab',
}

/** A tier that has tests, with the paths of its spec files. */
export interface Tier {
  name: string
  where: Where
  specs: string[]
}

/**
 * The tiers that were asked for (all that have tests, when none was); of spec files that were asked for by their paths, the
 * tiers with these only. Throws for a name that is neither, and for spec files in a folder that is no tier: nobody would ever
 * run those.
 */
export function chooseTiers(names: readonly string[]): Tier[] {
  const all = globSync('test/**/*.test.ts').sort()
  const tierOf = (spec: string) => spec.split('/')[1] ?? ''
  const lost = all.filter((spec) => places[tierOf(spec)] === undefined)
  if (lost.length > 0)
    throw new Error(`not in the folder of a tier (${Object.keys(places).join(', ')}): ${lost.join(' ')}`)
  const tiers = Object.entries(places).map(([name, where]) => {
    return { name, where, specs: all.filter((spec) => tierOf(spec) === name) }
  })
  const unknown = names.filter((name) => !all.some((spec) => spec === name || tierOf(spec) === name))
  if (unknown.length > 0) throw new Error(`neither a tier that has tests nor a spec file: ${unknown.join(', ')}`)
  const wanted = (spec: string) => names.length === 0 || names.includes(spec) || names.includes(tierOf(spec))
  return tiers.map((tier) => ({ ...tier, specs: tier.specs.filter(wanted) })).filter(({ specs }) => specs.length > 0)
}

/** Why a private host can't be started here, or nothing if it can. */
export function labObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
    return undefined
  } catch {
    return 'needs /dev/net/tun'
  }
}
