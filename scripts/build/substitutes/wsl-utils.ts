// ovsd runs on Linux (package.json, "os"); a Linux under Windows is one too.
export const isWsl = false
