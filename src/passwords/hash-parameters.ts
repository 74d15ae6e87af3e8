/**
 * Parameters of Argon2 (RFC 9106 §3.1), spelled as a stored hash begins with them (the PHC string format). What a check of a password
 * costs depends on them, and on little else.
 */

/** Those of the OWASP Password Storage Cheat Sheet: m=19 MiB, t=2, p=1. */
export const ours = { memoryCost: 19456, timeCost: 2, parallelism: 1 }
export const ourParameters = `$argon2id$v=19$m=${ours.memoryCost},t=${ours.timeCost},p=${ours.parallelism}$`

/** Undefined: it is no hash of Argon2. */
export const parametersOf = (hash: string): string | undefined =>
  /^\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$/.exec(hash)?.[0]

/** Of a check, in the unit of the hashing lane: memory times passes, for that is what Argon2 fills. */
export function costOf(parameters: string): number {
  const [memoryCost = 0, timeCost = 0] = Array.from(parameters.matchAll(/[mt]=(\d+)/g), ([, digits]) => Number(digits))
  return (memoryCost * timeCost) / (ours.memoryCost * ours.timeCost)
}

/** A hash that no password has, so that a check which has nothing to compare costs as much as any other. */
export const nobodysHash = (parameters: string): string => `${parameters}${'A'.repeat(22)}$${'A'.repeat(43)}`
