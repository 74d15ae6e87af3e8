/** A picture of the keys in text: a line a key, with time from left to right. */
import { isPublished } from '../keys/schedule.ts'
import type { SigningKey } from '../records/signing-key.ts'
import { secondTime } from './times.ts'

const WIDTH = 60
const DAY_MS = 86_400_000

interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** When a key that is in the JWKS is published, and when it signs, as far as is known or planned. */
function spansOf(key: SigningKey, activatesAtMs: number | undefined, endMs: number): { published: Span; signs: Span } {
  const signsFromMs = key.state === 'pending' ? (activatesAtMs ?? endMs) : key.activatesAtMs
  const signsUntilMs =
    key.state === 'retiring' ? key.sinceMs : key.state === 'active' ? (activatesAtMs ?? endMs) : endMs
  const untilMs = key.state === 'retiring' ? (key.retiresAtMs ?? endMs) : endMs
  return {
    published: { fromMs: key.createdAtMs, untilMs },
    signs: { fromMs: signsFromMs, untilMs: signsUntilMs },
  }
}

const covers = ({ fromMs, untilMs }: Span, atMs: number): boolean => fromMs <= atMs && atMs < untilMs

/** @param activatesAtMs when the standby will sign; undefined when that is not planned */
export function timeline(keys: readonly SigningKey[], activatesAtMs: number | undefined, nowMs: number): string[] {
  const shown = keys.filter(isPublished)
  if (shown.length === 0) return []
  const startMs = Math.min(nowMs, ...shown.map(({ createdAtMs }) => createdAtMs))
  const planned = shown.flatMap(({ retiresAtMs }) => (retiresAtMs === null ? [] : [retiresAtMs]))
  const endMs = Math.max(nowMs, activatesAtMs ?? nowMs, ...planned) + Math.max(DAY_MS, (nowMs - startMs) / 10)
  const columnMs = (endMs - startMs) / WIDTH
  const cell = (key: SigningKey, column: number): string => {
    const atMs = startMs + (column + 0.5) * columnMs
    const { published, signs } = spansOf(key, activatesAtMs, endMs)
    if (covers(published, atMs) && covers(signs, atMs)) return '#'
    return covers(published, atMs) ? '-' : ' '
  }
  const row = (name: string, cells: string) => `${name.padEnd(10)}${cells}`.trimEnd()
  const columns = Array.from({ length: WIDTH }, (_, column) => column)
  const now = ' '.repeat(Math.min(WIDTH - 1, Math.floor((nowMs - startMs) / columnMs)))
  return [
    row('', `${now}now`),
    ...shown.map(key => row(key.kid.slice(0, 8), columns.map(column => cell(key, column)).join(''))),
    row('', `# signs   - published, verifies`),
    row('', `${secondTime(startMs)} to ${secondTime(endMs)}`),
  ]
}
