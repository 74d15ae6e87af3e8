/** How the values of options are read. */
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { parseDuration } from '../clock.ts'

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
