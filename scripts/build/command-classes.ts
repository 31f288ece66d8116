// All command classes by id, in the form that oclif's own plugin loader expects from its `explicit` strategy.
import { commands as loaders } from '../../src/registry.ts'

export const classes = Object.fromEntries(
  await Promise.all(Object.entries(loaders).map(async ([id, load]) => [id, (await load()).default] as const)),
)
