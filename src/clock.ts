/** The only source of time. Tests hand in a clock that they move themselves. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

export const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

/** The last moment that ISO 8601 and JavaScript can write (ECMA-262 §21.4.1.1), as far from the epoch as the first. */
const LAST_MS = 8.64e15

/** ISO 8601, for people and programs outside. It never throws: what is beyond its first or last moment is shown as that. */
export const isoTime = (milliseconds: number): string =>
  new Date(Math.max(-LAST_MS, Math.min(milliseconds, LAST_MS))).toISOString()

export const isoTimeOrNull = (milliseconds: number | null | undefined): string | null =>
  milliseconds === null || milliseconds === undefined ? null : isoTime(milliseconds)

const secondsPerUnit = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** The duration as it is written, in the largest unit that fits: `12h` for 43,200 seconds. */
export function formatDuration(seconds: number): string {
  const [unit, size] = Object.entries(secondsPerUnit).findLast(([, size]) => seconds % size === 0 && seconds > 0) ?? [
    's',
    1,
  ]
  return `${seconds / size}${unit}`
}

/** Seconds of a duration such as `1s`, `10m`, `24h`, `14d`; undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?<count>0|[1-9]\d*)(?<unit>[smhd])$/.exec(text)
  if (match === null) return undefined
  const { count, unit } = match.groups as { count: string; unit: keyof typeof secondsPerUnit }
  return Number(count) * secondsPerUnit[unit]
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/

/** Milliseconds of a day or a time in ISO 8601, in UTC unless it says otherwise; undefined for what is no day or no time of day. */
export function parseIsoTime(text: string): number | undefined {
  const [, day, time = '00:00', zone = 'Z'] = ISO_TIME.exec(text) ?? []
  const start = Date.parse(`${day}T00:00:00Z`)
  // There is no 31st of February, though it is read as one in March.
  if (Number.isNaN(start) || isoTime(start).slice(0, 10) !== day) return undefined
  const atMs = Date.parse(`${day}T${time}${zone}`)
  return Number.isNaN(atMs) ? undefined : atMs
}

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 3600
const DAY_SECONDS = 86_400

/** Whole units: up to two days in hours, so that last night is told from the night before. */
function amountOf(seconds: number): string {
  if (seconds < MINUTE_SECONDS) return `${seconds} s`
  if (seconds < HOUR_SECONDS) return `${Math.floor(seconds / MINUTE_SECONDS)} min`
  if (seconds < 2 * DAY_SECONDS) return `${Math.floor(seconds / HOUR_SECONDS)} h`
  return `${Math.floor(seconds / DAY_SECONDS)} d`
}

/** `3 h ago`, `in 12 d`, rounded down. */
export function relativeTime(atMs: number, nowMs: number): string {
  const seconds = Math.floor(Math.abs(atMs - nowMs) / 1000)
  if (seconds === 0) return 'now'
  return atMs > nowMs ? `in ${amountOf(seconds)}` : `${amountOf(seconds)} ago`
}
