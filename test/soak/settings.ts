/** How long a soak is, and what its randomness comes from: set by scripts/soak.ts, and small when a file is run by itself. */
const numberIn = (name: string, otherwise: number): number => Number(process.env[`SOAK_${name}`] ?? otherwise)

/** The service is killed at least so often. */
export const kills = numberIn('KILLS', 20)
/** Of a day of a million tokens. */
export const share = numberIn('SHARE', 0.003)
/** Rotations of two processes at once. */
export const rounds = numberIn('ROUNDS', 10)
/** That a machine asks for. */
export const grants = numberIn('GRANTS', 3000)
/** Audits that somebody tampers with. */
export const tampered = numberIn('TAMPERED', 1000)
/** A run with the same seed makes the same choices. What it does at them also depends on how fast the machine is. */
export const seed = numberIn('SEED', Date.now() % 2 ** 32)
if (process.env['SOAK_SEED'] === undefined) console.error(`soak: to repeat this, set SOAK_SEED=${seed}`)

/** Numbers from 0 up to 1, the same ones for the same `name` and seed (mulberry32 by Tommy Ettinger). */
export function random(name: string): () => number {
  let state = [...name].reduce((sum, letter) => Math.imul(sum, 31) + (letter.codePointAt(0) ?? 0), seed)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
