// What oclif itself uses of its `ux`: printing and colours. Its progress display, which looks at the terminal and opens both
// output streams at load, is missing: asking for it fails. listr2 draws ours.
import { colorize } from '../../../node_modules/@oclif/core/lib/ux/theme.js'
import { stderr, stdout } from '../../../node_modules/@oclif/core/lib/ux/write.js'

export { colorize }
export const ux = { colorize, stderr, stdout }
