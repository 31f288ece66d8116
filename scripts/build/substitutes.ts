// What is left out of the bundle or put off, and why. Keys are paths below node_modules, or packages. Figures are milliseconds
// of every start, measured in the executable with its code cache (docs/decisions/0002-start-up.md).

type Table = Readonly<Record<string, string>>

/** Modules that this program cannot reach. If it ever does, they say so loudly; the test suite runs against the executable. */
export const absent: Table = {
  '@oclif/core/lib/config/plugin.js': 'finds plugins on disk; ours is handed over ready (src/oclif-plugin.ts)',
  '@oclif/core/lib/config/ts-path.js': 'looks for TypeScript sources of plugins; brings in the compiler',
  '@oclif/core/lib/module-loader.js': 'loads hooks and help classes from disk; there are none',
  minimatch: 'matches names of plugins',
  '@inquirer/editor': 'a prompt that starts an editor: half a megabyte of character tables',
  'prom-client/lib/pushgateway.js': 'sends metrics somewhere; brings in https',
  'prom-client/lib/cluster.js': 'joins the metrics of several processes; loads node:cluster',
  'prom-client/lib/summary.js': 'quantiles, with a tree of their own; there are histograms',
  'prom-client/lib/defaultMetrics.js': '30 figures of the process, and OpenTelemetry',
}

/** Modules that run when something of them is first used, and not when they are imported. */
export const lazy: Table = {
  '@oclif/core/lib/errors/handle.js': 'brings in help',
  ansis: '0.4, only help has colours of oclif',
  'supports-color': 'asks the terminal',
  'wrap-ansi': '0.2, builds tables at load',
  '@oclif/core/lib/screen.js': 'asks the terminal for its width',
  '@oclif/core/lib/util/fs.js': 'loads node:fs/promises',
  chalk: '1.0, only for errors and tables',
}

/** Libraries that few runs need: each in a function of its own, so that the rest of them pay nothing for it. */
export const apart: Table = {
  listr2: 'only drawn on a terminal',
  inquirer: 'only asks on a terminal',
  'cli-table3': 'only for tables',
  'prom-client': 'only for watch with --metrics',
  yaml: 'only where there is a file of settings or policy',
}

/** Parts of Node that a package loads although it seldom needs them. */
export const lazyBuiltins: Readonly<Record<string, readonly string[]>> = {
  '@oclif/core': ['child_process', 'fs/promises', 'perf_hooks', 'readline'],
}

/** Modules of ours in place of theirs, with the same exports; files of substitutes/. */
export const ours: Readonly<Record<string, { readonly file: string; readonly why: string }>> = {
  debug: { file: 'debug.ts', why: '3 to 6: it looks at terminal, colours and environment at load' },
  ejs: { file: 'ejs.ts', why: 'makes a function of every line of help, of which few are templates' },
  'wsl-utils': { file: 'wsl-utils.ts', why: '1 to 3: reads files to recognise Windows' },
  '@oclif/core/lib/ux/index.js': {
    file: 'oclif-ux.ts',
    why: '0.5: opens both output streams at load for a progress display',
  },
}
