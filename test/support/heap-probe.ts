// Loaded into a daemon with --import: at SIGUSR2 it collects all garbage and writes how much is left, in bytes, to the file
// that HEAP_PROBE names.
import { renameSync, writeFileSync } from 'node:fs'

process.on('SIGUSR2', () => {
  const file = process.env['HEAP_PROBE'] ?? ''
  gc?.({ type: 'major', execution: 'sync' })
  writeFileSync(`${file}.new`, String(process.memoryUsage().heapUsed))
  renameSync(`${file}.new`, file)
})
