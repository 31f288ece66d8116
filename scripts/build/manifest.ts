import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Plugin, type Interfaces } from '@oclif/core'
import { manifestOf, type Manifest } from '../../src/oclif-plugin.ts'
import { root } from './layout.ts'

/** package.json of this repository. */
export const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Interfaces.PJSON & {
  readonly description: string
  readonly engines: { readonly node: string }
}

/** Works the manifest out from the command classes, with oclif's own code for it. */
export async function computeManifest(): Promise<Manifest> {
  const target = './scripts/build/command-classes.ts'
  const commands = { strategy: 'explicit', target, identifier: 'classes' } as const
  // In production oclif takes the target as it is; otherwise it looks for a compiler, which we have no use for.
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  const plugin = new Plugin({
    root,
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    pjson: { ...packageJson, oclif: { ...packageJson.oclif, commands } },
  })
  await plugin.load()
  if (before === undefined) delete process.env['NODE_ENV']
  else process.env['NODE_ENV'] = before
  return manifestOf(programPackage(), plugin.manifest.commands)
}

/** The part of package.json that the running program needs. */
function programPackage(): Interfaces.PJSON {
  const { name, version, description, oclif } = packageJson
  const { bin = name, dirname = name, topicSeparator = ' ', topics = {} } = oclif
  const more = { additionalHelpFlags: ['-h'], additionalVersionFlags: ['-V'] }
  return { name, version, description, oclif: { bin, dirname, topicSeparator, topics, ...more } }
}
