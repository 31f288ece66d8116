// What `ovsd explain` says, made from the page that is written by hand: one text for people at a terminal and for man(1).
import { resolveConfig, format } from 'prettier'

/** Entries of ovsd-errors(7) as a module: paragraphs by code. */
export async function errorEntries(page: string): Promise<string> {
  const body = /^\.SH ERRORS\n(.*?)^\.SH /ms.exec(page)?.[1]
  if (body === undefined) throw new Error('man/ovsd-errors.7 has no section ERRORS')
  const entries = body
    .split(/^\.TP\n/m)
    .slice(1)
    .map((entry) => {
      const [head = '', ...lines] = entry.trimEnd().split('\n')
      const code = /^\.B (\S+)$/.exec(head)?.[1]
      if (code === undefined) throw new Error(`no code at the head of an entry: ${head}`)
      return [code, paragraphs(lines)] as const
    })
  const text = `// Made by \`npm run docs\` from man/ovsd-errors.7.

/** Of each error, by its code: what happened, why, and what to do; paragraphs. */
export const ERROR_ENTRIES: Readonly<Record<string, readonly string[]>> = ${JSON.stringify(Object.fromEntries(entries))}
`
  return await format(text, { ...(await resolveConfig('package.json')), parser: 'typescript' })
}

function paragraphs(lines: readonly string[]): readonly string[] {
  const all: string[][] = [[]]
  for (const line of lines)
    if (/^\.(IP|PP|sp)\b/.test(line)) all.push([])
    else all.at(-1)?.push(plain(line))
  return all.map((one) => one.join(' ').trim()).filter((one) => one !== '')
}

/** A line of the page without what is for roff: `.BR a b` joins what alternates (man(7)). */
function plain(line: string): string {
  const [, macro, rest = ''] = /^\.(B|I|BR|RB|IR|RI) (.*)$/.exec(line) ?? []
  if (macro === undefined && line.startsWith('.')) throw new Error(`a macro that is not known here: ${line}`)
  const words = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
  const text = macro === undefined ? line : words.join(macro.length === 1 ? ' ' : '')
  return text
    .replaceAll(/\\f[A-Z]/g, '')
    .replaceAll('\\-', '-')
    .replaceAll(/\\\(aq|\\\(cq/g, "'")
    .replaceAll('\\(dq', '"')
    .replaceAll('\\e', '\\')
    .replaceAll('\\&', '')
}
