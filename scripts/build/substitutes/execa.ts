// execa without its synchronous, shell, script and Node variants.
import type { execa as Execa } from 'execa'
// @ts-expect-error -- execa has no types for its inner modules
import * as create from '../../../node_modules/execa/lib/methods/create.js'

// @ts-expect-error -- the same
export { ExecaError } from '../../../node_modules/execa/lib/return/final-error.js'

const { createExeca } = create as { createExeca: (mapArguments: () => object) => typeof Execa }
export const execa = createExeca(() => ({}))
