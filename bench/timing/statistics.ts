/** How well two sets of durations can be told apart. */

/**
 * P(X > Y) + P(X = Y) / 2, which is the statistic of Mann and Whitney over the number of pairs: 1/2 where nothing tells them apart,
 * whatever the distribution and however noisy the machine. Of 500 beside 500 alike, it lies within 0.036 of 1/2 in 95 of 100 runs.
 */
export function probabilityOfLonger(x: readonly number[], y: readonly number[]): number {
  const sorted = Float64Array.from(y).sort()
  const below = (value: number, orEqual: boolean) => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const at = sorted[middle] ?? 0
      if (at < value || (orEqual && at === value)) low = middle + 1
      else high = middle
    }
    return low
  }
  const wins = x.reduce((sum, value) => sum + (below(value, false) + below(value, true)) / 2, 0)
  return wins / (x.length * y.length)
}

export const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** In an order that nothing in the machine can follow. */
export function shuffled<T>(values: readonly T[]): T[] {
  const result = [...values]
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[result[last], result[other]] = [result[other] as T, result[last] as T]
  }
  return result
}
