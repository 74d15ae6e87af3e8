/** How the values of options are read. */
import { isIP } from 'node:net'
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { parseWhen, type When } from '../audit/search.ts'
import { parseDuration } from '../clock.ts'

/** Of lists: some hundred bytes of each row are in memory at once. */
export const HIGHEST_LIMIT = 100_000

/** An option that may be given several times; '' adds nothing, so that an update can empty a list. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] =>
  value === '' ? before : [...before, value]

/**
 * The same for a word of a list.
 * @throws InvalidArgumentError
 */
export const collectFrom =
  (words: readonly string[]) =>
  (value: string, before: readonly string[] = []): readonly string[] => {
    if (value !== '' && !words.includes(value)) throw new InvalidArgumentError(`It is one of ${words.join(', ')}.`)
    return collect(value, before)
  }

/**
 * One word of a list.
 * @throws InvalidArgumentError
 */
export const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (value: string): Word => {
    const word = words.find(candidate => candidate === value)
    if (word === undefined) throw new InvalidArgumentError(`It is one of ${words.join(', ')}.`)
    return word
  }

/** @throws InvalidArgumentError */
export const wholeNumber =
  (least: number, most: number) =>
  (value: string): number => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= least && number <= most))
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
    return number
  }

/**
 * @returns seconds
 * @throws InvalidArgumentError
 */
export function duration(text: string): number {
  const seconds = parseDuration(text)
  if (seconds === undefined) throw new InvalidArgumentError('A duration is a number and s, m, h or d, for example 10m.')
  return seconds
}

/**
 * How long ago, or a day or a time in ISO 8601, which is in UTC unless it says otherwise.
 * @throws InvalidArgumentError
 */
export function moment(text: string): When {
  const when = parseWhen(text)
  if (when === undefined)
    throw new InvalidArgumentError(
      'It is a duration such as 12h or 30d, or a time such as 2026-03-01 or 2026-03-01T22:30Z.',
    )
  return when
}

/** @throws InvalidArgumentError */
export function ipAddress(text: string): string {
  if (isIP(text) === 0 || text.includes('%')) throw new InvalidArgumentError('It is an IP address.')
  return text
}
