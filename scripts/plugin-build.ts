// Makes ovsd a plugin that Docker manages itself, from what this machine has and without any registry:
//   node scripts/plugin-build.ts [--name NAME] [--folder FOLDER] [--no-create]
// FOLDER (dist/plugin) gets rootfs and config.json; then `docker plugin create NAME FOLDER` hands them to the engine (ovsd).
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { dist } from './build/layout.ts'
import { packageJson } from './build/manifest.ts'
import { pluginConfig } from './plugin/config.ts'
import { makeRootfs } from './plugin/rootfs.ts'

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'ovsd' },
    folder: { type: 'string', default: join(dist, 'plugin') },
    'no-create': { type: 'boolean', default: false },
  },
})
const folder = resolve(values.folder)
const executable = join(dist, 'ovsd')
const start = performance.now()

try {
  build()
} catch (error) {
  console.error(`plugin: ${(error as Error).message}`)
  process.exitCode = 1
}

function build(): void {
  // Whose the files are is packed, too.
  if (process.getuid?.() !== 0) throw new Error('files of a rootfs are root’s: run it as root')
  if (!existsSync(executable)) throw new Error('there is no dist/ovsd: npm run build')
  rmSync(folder, { recursive: true, force: true })
  const rootfs = join(folder, 'rootfs')
  mkdirSync(rootfs, { recursive: true })
  const missing = makeRootfs(rootfs, executable)
  writeFileSync(join(folder, 'config.json'), pluginConfig(packageJson.version))
  if (missing.length > 0) console.log(`without ${missing.join(', ')}: not on this machine`)
  const size = execFileSync('du', ['-sm', rootfs], { encoding: 'utf8' }).split('\t')[0] ?? ''
  console.log(`${relative(process.cwd(), folder) || '.'}: ${size} MB, after ${seconds()} s`)
  if (values['no-create']) return
  create()
  console.log(`docker plugin create ${values.name}, after ${seconds()} s; next: docker plugin enable ${values.name}`)
}

function create(): void {
  try {
    execFileSync('docker', ['plugin', 'create', values.name, folder], { stdio: ['ignore', 'ignore', 'inherit'] })
  } catch (cause) {
    // docker(1) has said itself what is wrong.
    throw new Error(
      `docker plugin create ${values.name} ${folder} failed; is there one of that name: docker plugin ls`,
      { cause },
    )
  }
}

function seconds(): string {
  return ((performance.now() - start) / 1000).toFixed(1)
}
