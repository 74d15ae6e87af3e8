/** What the clients were told, and what turned out to be wrong. */
export type ActKind = 'sign-in' | 'refresh' | 'session revocation' | 'access token revocation'

export interface Ledger {
  readonly violations: readonly string[]
  readonly acknowledged: Readonly<Record<ActKind, number>>
  /** Acts whose first answer was lost. */
  readonly repeated: Readonly<Record<ActKind, number>>
  violate(what: string): void
  acknowledge(kind: ActKind): void
  repeat(kind: ActKind): void
  /** Whose index it is: every index that was ever seen belongs to one session. */
  see(index: string, sessionId: string): void
}

const none = (): Record<ActKind, number> => ({
  'sign-in': 0,
  refresh: 0,
  'session revocation': 0,
  'access token revocation': 0,
})

export function createLedger(): Ledger {
  const violations: string[] = []
  const [acknowledged, repeated] = [none(), none()]
  const owners = new Map<string, string>()
  return {
    violations,
    acknowledged,
    repeated,
    violate: what => void violations.push(what),
    acknowledge: kind => void acknowledged[kind]++,
    repeat: kind => void repeated[kind]++,
    see(index, sessionId) {
      const owner = owners.get(index) ?? sessionId
      owners.set(index, owner)
      if (owner !== sessionId) violations.push(`${index} was given to ${owner} and to ${sessionId}`)
    },
  }
}
