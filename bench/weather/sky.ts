/** What the weather is, and was: by it each answer is judged. */

/** What a weather takes away: the database, the answers of an instance that is killed, or nothing that a caller may notice. */
export type Harm = 'database' | 'answers' | 'nothing'

/** How long after the database is back a 503 is still the weather's. */
export const RECOVERY_MS = 1000

export interface Spell {
  readonly name: string
  readonly harm: Harm
  readonly fromMs: number
  /** Undefined: it lasts. */
  untilMs: number | undefined
}

export interface Sky {
  /** What was the matter last from `fromMs` until `untilMs`. */
  nameOf(fromMs: number, untilMs: number): string
  begin(name: string, harm: Harm): Spell
  /** The harm is undone, or was at `atMs`. */
  end(spell: Spell, atMs?: number): void
  /** Whether something was harmed at some moment from `fromMs` until `untilMs`. */
  harmed(harm: Harm, fromMs: number, untilMs: number): boolean
}

/** A machine that is busy gives the rest of the world its time a little later. */
const TOLERANCE_MS = 1000

export function createSky(): Sky {
  const spells: Spell[] = []
  const within = (fromMs: number, untilMs: number) =>
    spells.filter(
      spell =>
        spell.fromMs <= untilMs &&
        (spell.untilMs === undefined || spell.untilMs + RECOVERY_MS + TOLERANCE_MS >= fromMs),
    )
  return {
    nameOf: (fromMs, untilMs) => within(fromMs, untilMs).at(-1)?.name ?? 'fair',
    begin(name, harm) {
      const spell: Spell = { name, harm, fromMs: performance.now(), untilMs: undefined }
      spells.push(spell)
      return spell
    },
    end(spell, atMs = performance.now()) {
      spell.untilMs = atMs
    },
    harmed: (harm, fromMs, untilMs) => within(fromMs, untilMs).some(spell => spell.harm === harm),
  }
}
