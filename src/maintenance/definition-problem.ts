/** Something that is wrong with a definition, and where. */
import type { Problems } from '../accounts/rules.ts'

export interface DefinitionProblem {
  /** Where it stands, member by member. */
  readonly path: readonly string[]
  readonly message: string
}

/** @param path of what has these members */
export const problemsAt = (path: readonly string[], problems: Problems): DefinitionProblem[] =>
  Object.entries(problems).flatMap(([member, message]) => problemAt([...path, member], message))

export const problemAt = (path: readonly string[], message: string | undefined): DefinitionProblem[] =>
  message === undefined ? [] : [{ path, message }]
