/** Width of text where no terminal says another, in columns. */
const USUAL = 80

/** A paragraph in lines of at most so many columns; words are never cut. */
export function wrapped(text: string, columns: number | undefined): string {
  const width = Math.min(columns === undefined || columns === 0 ? USUAL : columns, 100)
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join('\n')
}
