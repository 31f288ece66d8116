/** A look that is made when somebody asks for the first time; all others get the same answer, or the same error. */
export function once<T>(look: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= look())
}
