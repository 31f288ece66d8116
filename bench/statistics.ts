/** The middle of the values (the mean of the two middle ones); NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const at = (i: number): number => sorted[i] ?? NaN
  return sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2
}

/** Two series that were measured in turn. The ratio is taken pair by pair, so that a drifting machine cancels out. */
export class Pairs {
  readonly #first: number[] = []
  readonly #second: number[] = []

  add(first: number, second: number): void {
    this.#first.push(first)
    this.#second.push(second)
  }

  get first(): number {
    return median(this.#first)
  }

  get second(): number {
    return median(this.#second)
  }

  get ratio(): number {
    return median(this.#first.map((value, i) => value / (this.#second[i] ?? NaN)))
  }
}
