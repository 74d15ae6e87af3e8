/** How long a soak is, and what its randomness comes from: set by scripts/soak.ts, and small when a file is run by itself. */
import { randomOf } from '../../bench/random.ts'

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

/** Numbers from 0 up to 1, the same ones for the same `name` and seed. */
export const random = (name: string): (() => number) => randomOf(seed, name)
