/** Options by their names: one that is misspelt would be one that is not set, and nobody would notice. */

/**
 * @param what they are options of, for the error
 * @throws TypeError for a name that is not known; what is undefined counts as absent
 */
export function assertKnownNames(options: object, known: readonly string[], what: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue
    const distanceTo = (each: string): number => differences(plain(each), plain(name))
    const [nearest = ''] = [...known].sort((one, other) => distanceTo(one) - distanceTo(other))
    const hint = distanceTo(nearest) <= 2 ? ` Did you mean ${nearest}?` : ''
    throw new TypeError(`${JSON.stringify(name)} is no option of ${what}.${hint}`)
  }
}

/** An option that is undefined counts as absent. */
export const withoutUndefined = <Options extends object>(options: Options): Options =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options

/** `poll_interval` is `pollInterval`. */
const plain = (name: string): string => name.replace(/[^a-z0-9]/gi, '').toLowerCase()

/** Letters to add, leave out or change to make one of the other (Levenshtein). */
function differences(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (const [row, letter] of [...one].entries()) {
    const next = [row + 1]
    for (let column = 0; column < other.length; column += 1) {
      const changed = (above[column] ?? 0) + (letter === other[column] ? 0 : 1)
      next.push(Math.min(changed, (above[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    above = next
  }
  return above.at(-1) ?? 0
}
