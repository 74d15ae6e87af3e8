/** How the values of options are read. */
import { isIP } from 'node:net'
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { isoTime, parseDuration } from '../clock.ts'

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

const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/

/** Undefined for what is no day or no time of day. */
function parseTime(text: string): number | undefined {
  const [, day, time = '00:00', zone = 'Z'] = ISO_TIME.exec(text) ?? []
  const start = Date.parse(`${day}T00:00:00Z`)
  // There is no 31st of February, though it is read as one in March.
  if (Number.isNaN(start) || isoTime(start).slice(0, 10) !== day) return undefined
  const atMs = Date.parse(`${day}T${time}${zone}`)
  return Number.isNaN(atMs) ? undefined : atMs
}

/**
 * How long ago, or a day or a time in ISO 8601, which is in UTC unless it says otherwise.
 * @throws InvalidArgumentError
 */
export function moment(text: string): { readonly agoSeconds: number } | { readonly atMs: number } {
  const agoSeconds = parseDuration(text)
  if (agoSeconds !== undefined) return { agoSeconds }
  const atMs = parseTime(text)
  if (atMs === undefined)
    throw new InvalidArgumentError(
      'It is a duration such as 12h or 30d, or a time such as 2026-03-01 or 2026-03-01T22:30Z.',
    )
  return { atMs }
}

/** @throws InvalidArgumentError */
export function ipAddress(text: string): string {
  if (isIP(text) === 0 || text.includes('%')) throw new InvalidArgumentError('It is an IP address.')
  return text
}
