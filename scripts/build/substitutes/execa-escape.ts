// The command line in the messages of execa. ovsd has messages of its own (src/lib/system/command.ts) and shows these
// nowhere; control characters are taken out all the same.
export const ASTRAL_START = 0xff_ff

export const escapeLines = (text: string): string => text.replaceAll(/[^\n\x20-\x7e]/g, '?')

export function joinCommand(file: string, args: readonly string[]): { command: string; escapedCommand: string } {
  const command = [file, ...args].join(' ')
  return { command, escapedCommand: escapeLines(command) }
}
