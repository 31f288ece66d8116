/**
 * How many letters have to be added, left out, replaced, or swapped with their neighbour to turn one word into the other
 * (the restricted Damerau-Levenshtein distance).
 */
export function editDistance(from: string, to: string): number {
  // distances[i][j] is the distance between the first i letters of `from` and the first j of `to`.
  const distances = Array.from({ length: from.length + 1 }, (_, i) => [i])
  const at = (i: number, j: number): number => distances[i]?.[j] ?? j
  for (let i = 1; i <= from.length; i++)
    for (let j = 1; j <= to.length; j++) {
      const replaced = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? at(i - 2, j - 2) + 1 : Infinity
      distances[i]?.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped))
    }
  return at(from.length, to.length)
}
