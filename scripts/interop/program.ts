/** A program of others that interop tests need. */

export interface Program {
  readonly name: string
  /** Names the executable, here and in the tests. */
  readonly variable: string
  /** Without the variable. */
  readonly command: string
  /** What runs it, when it is no executable but a module. */
  readonly runner?: string
  /** Arguments with which it ends well and quickly, if it is what is needed. */
  readonly probe: readonly string[]
  readonly install: string
}

export const version = ['--version']
export const inFolder = 'npm install in a folder of its own'

/** By how the name of a test's file begins. With several programs, its tests run for those that are there; without one they always run. */
export type Needs = readonly (readonly [prefix: string, ...Program[]])[]
