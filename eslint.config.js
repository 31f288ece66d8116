// Type-aware rules, the layer rule (imports go downward only), and one home for each outside library.
import { readdirSync } from 'node:fs'
import tseslint from 'typescript-eslint'

/** Layers of src/lib from the bottom up; a folder may import from its own row and from rows above it in this list. */
const LAYERS = [
  ['errors.ts'],
  ['system', 'ovsdb', 'ui'],
  ['net', 'docker', 'ovs'],
  ['host.ts'],
  ['dhcp', 'ovn'],
  ['attach'],
  ['network'],
  ['state'],
  ['live'],
  ['plan'],
  ['run'],
  ['labels'],
  ['policy'],
  ['reconcile'],
  ['watch'],
  ['plugin'],
  ['doctor'],
  ['path'],
  ['reach'],
  ['daemon'],
]

/** Files of the command line, above all of src/lib. */
const COMMAND_LINE = readdirSync(new URL('src', import.meta.url)).filter((name) => name.endsWith('.ts'))

/** The only file that may import a library. */
const HOMES = {
  listr2: 'src/lib/run/pipeline.ts',
  chalk: 'src/lib/ui/colour.ts',
  'cli-table3': 'src/lib/ui/table.ts',
  inquirer: 'src/lib/ui/prompt.ts',
  'prom-client': 'src/lib/watch/metrics.ts',
  yaml: 'src/lib/system/yaml-file.ts',
}

const foreign = (file) =>
  Object.entries(HOMES)
    .filter(([, home]) => home !== file)
    .map(([name, home]) => ({ name, message: `only ${home} imports ${name}` }))

/** The only file of the program that starts processes, and it does not use execa (docs/decisions/0006). */
const RUNNER = 'src/lib/system/runner.ts'

const processes = (file) =>
  file === RUNNER
    ? []
    : ['child_process', 'node:child_process', 'execa'].map((name) => ({
        name,
        message: `only ${RUNNER} starts processes`,
      }))

const restricted = (file, patterns) => ({
  'no-restricted-imports': ['error', { paths: [...foreign(file), ...processes(file)], patterns }],
})

const upward = (row) => {
  const above = LAYERS.slice(row + 1).flat()
  return [
    ...above.map((place) => ({
      regex: `^(\\./|(\\.\\./)+)(lib/)?${place.replace('.', '\\.')}${place.endsWith('.ts') ? '$' : '/'}`,
      message: 'imports go downward only (docs/architecture.md)',
    })),
    { regex: '^@oclif/', message: 'src/lib does not know the command line' },
    { regex: `^(\\.\\./)+(commands/|(${COMMAND_LINE.join('|')})$)`, message: 'src/lib does not know the command line' },
  ]
}

const layerRules = LAYERS.flatMap((places, row) =>
  places.map((place) => ({
    files: [place.endsWith('.ts') ? `src/lib/${place}` : `src/lib/${place}/**/*.ts`],
    rules: restricted('', upward(row)),
  })),
)

const homeRules = [...Object.values(HOMES), RUNNER].map((home) => ({
  files: [home],
  rules: restricted(
    home,
    upward(LAYERS.findIndex((places) => places.some((place) => home.startsWith(`src/lib/${place}/`)))),
  ),
}))

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'bin/ovsd.cjs', '**/*.cjs', '**/*.mjs', 'eslint.config.js'] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/dot-notation': 'off',
      // Numbers in texts are what they look like.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: false }],
      // A resource held by `using` does its work by being held.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
      eqeqeq: 'error',
    },
  },
  { files: ['src/**/*.ts'], rules: restricted('', []) },
  ...layerRules,
  ...homeRules,
  {
    files: ['test/**/*.ts', 'lab/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      // mocha's describe/it return nothing to wait for, and tests print numbers.
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
)
