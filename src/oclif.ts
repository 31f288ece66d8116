// The one place through which the program reaches oclif. Sub-path exports only: the package's main export loads
// semver, the plugin loader and more that an explicit command list never needs (docs/decisions/0002).
export { Command } from '@oclif/core/command'
export * as Args from '@oclif/core/args'
export * as Flags from '@oclif/core/flags'
