/** Programs and libraries that verify access tokens. */
import type { Needs } from './program.ts'

export const needsOfVerifiers: Needs = []
