// Labels come from people who may not be trusted: what is shown of them is short, and steers neither terminal nor log.
const MOST_SHOWN = 80

/** A label, or a value, as it can stand in a message: at most 80 characters, those beyond printable ASCII as \uXXXX. */
export function shown(text: string): string {
  const cut = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text
  return cut.replaceAll(/[^ -~…]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
