// The parts of man(7) that the pages need, as text.

/**
 * Text in which no formatter reads commands. Hyphens of options and numbers become plain ones, which can be copied into a
 * shell; between words they stay hyphens.
 */
export function escapeText(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll(/(?<![\w-])--?[a-z][\w-]*|\d-\d/g, (found) => found.replaceAll('-', String.raw`\-`))
    .replace(/^(?=[.'])/, String.raw`\&`)
}

/** Text in which every character stays as it is: names, command lines. */
export function literal(text: string): string {
  const exact = text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll("'", String.raw`\(aq`)
  return exact.replace(/^(?=\.)/, String.raw`\&`)
}

/** Literal text in bold, and a placeholder in italics. */
export const bold = (text: string): string => String.raw`\fB${literal(text)}\fR`
export const italic = (text: string): string => String.raw`\fI${literal(text)}\fR`

/** Sentences as by `sentences`; the first begins with a capital letter. */
export const prose = (text: string): readonly string[] => sentences(`${text.charAt(0).toUpperCase()}${text.slice(1)}`)

/** Sentences, each on a line of its own, the last with a full stop. They may begin with a value, which stays as it is typed. */
export function sentences(text: string): readonly string[] {
  const whole = /[.!?:]$/.test(text) ? text : `${text}.`
  return whole.split(/(?<=[.!?]) (?=[A-Z])/).map((sentence) => escapeText(sentence))
}

/** A section with its heading; nothing at all when there is nothing in it. */
export function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`.SH ${heading}`, ...lines]
}

/** A paragraph with a hanging term. */
export function tagged(term: string, text: readonly string[]): readonly string[] {
  return ['.TP', term, ...text]
}

/** Lines as they are, indented. */
export function example(lines: readonly string[]): readonly string[] {
  return ['.RS 4', '.EX', ...lines.map((line) => literal(line)), '.EE', '.RE']
}
