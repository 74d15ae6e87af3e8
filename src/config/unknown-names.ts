/** Names that look like variables of Signet and are none. */
import type { Environment } from './variable.ts'
import { variables } from './variables.ts'

/** One mistake for each `SIGNET_*` name that no variable has: a mistyped name must not silently mean the default. */
export function unknownNames(environment: Environment): string[] {
  const known = Object.values(variables).flatMap(({ name }) => [name, `${name}_FILE`])
  return (
    Object.keys(environment)
      .filter(name => name.startsWith('SIGNET_') && environment[name] !== undefined && !known.includes(name))
      // Kubernetes sets these in every pod beside a Service that is named "signet".
      .filter(name => !/^SIGNET_(SERVICE_|PORT_\d+_)/.test(name))
      .map(name => {
        const nearest = nearestOf(name, known)
        // A Service whose name begins with "signet-" leaves links that are not told apart from mistyped names.
        const isLink = /_(SERVICE_(HOST|PORT)|PORT_\d+_)/.test(name)
        const otherAdvice = isLink
          ? 'if Kubernetes sets it, "enableServiceLinks: false" ends that'
          : 'docs/configuration.md lists all'
        const advice = nearest === undefined ? otherAdvice : `did you mean ${nearest}?`
        return `${name} is not a variable of Signet: ${advice}`
      })
  )
}

/** @returns the candidate with the fewest edits to `name`, if three are enough */
function nearestOf(name: string, candidates: readonly string[]): string | undefined {
  return candidates
    .map(candidate => ({ candidate, edits: editsBetween(name, candidate) }))
    .filter(({ edits }) => edits <= 3)
    .sort((one, other) => one.edits - other.edits)[0]?.candidate
}

/** Levenshtein distance: how many characters to insert, delete or replace. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (to[column - 1] === letter ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
