/** Labels of a container or an image. */
export type Labels = Readonly<Record<string, string>>

/** Labels of an answer. Engines say null for none, and a value that is no text is nobody's label. */
export function labelsOf(value: unknown): Labels {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).filter((one): one is [string, string] => typeof one[1] === 'string'))
}
