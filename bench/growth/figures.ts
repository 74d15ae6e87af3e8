/** What is measured. */
import type { Acts } from './acts.ts'
import type { ListFigures } from './lists.ts'
import type { Window } from './refreshes.ts'

export interface SizeFigures {
  readonly sessions: number
  readonly megabytes: number
  readonly startMilliseconds: number
  readonly janitorMilliseconds: number
  /** One for each number of connections. */
  readonly refreshes: readonly Window[]
  readonly acts: Acts
}

export interface Report {
  readonly measuredOn: string
  readonly machine: string
  /** Of the minute before: whether something else ran. */
  readonly loadAverage: number
  readonly connections: readonly number[]
  readonly sizes: readonly SizeFigures[]
  readonly lists: readonly ListFigures[]
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
