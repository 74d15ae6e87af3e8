/** What the signatures of an audit are worth: which seals stand on keys that are believed, and which on a key that was replaced. */
import type { AuditSeal } from '../records/audit-seal.ts'
import type { Problem } from './findings.ts'
import type { CheckedKey, KeyChain } from './key-chain.ts'

interface End {
  readonly first: AuditSeal | undefined
  readonly last: AuditSeal | undefined
  readonly keys: KeyChain
}

const sealsText = (from: number, until: number): string =>
  from === until ? `Seal ${from} was` : `Seals ${from} to ${until} were`

export function createTrustCheck(given: readonly string[]) {
  /** A seal of a believed key covers all that are before it. */
  let believedUpTo = 0

  return {
    /** @param checked the key that is to have signed it */
    seal(seal: AuditSeal, checked: CheckedKey | undefined): void {
      if (checked?.isBelieved) believedUpTo = seal.number
    },

    problems({ last, keys }: End): Problem[] {
      if (given.length === 0 || last === undefined || believedUpTo >= last.number) return []
      const kids = [...new Set(keys.all.filter(({ isBelieved }) => !isBelieved).map(({ key }) => key.kid))].join(', ')
      const isKnown = keys.all.some(({ isBelieved }) => isBelieved)
      return [
        {
          seal: believedUpTo + 1,
          message: isKnown
            ? `${sealsText(believedUpTo + 1, last.number)} made with a key that the given one has not signed (${kids}). After \`keys revoke --all\` with the private key lost, give the new key, too; ` +
              'if the given key is newer than these seals, wait until it has made one. Otherwise somebody forged them.'
            : `No key of this audit is the given one or signed by it (${kids}): it is another database's, or somebody forged it.`,
        },
      ]
    },

    warnings({ first, last, keys, coveredUpTo }: End & { readonly coveredUpTo: number }): string[] {
      const warnings: string[] = []
      if (given.length === 0 && keys.all.length > 0)
        warnings.push(
          'The key was taken from the database itself, so this proves nothing against somebody who could write to it: give --public-key.',
        )
      const current = keys.all.at(-1)?.key
      const from = Math.max(coveredUpTo + 1, first?.number ?? 1)
      const until = Math.min(last?.number ?? 0, (current?.firstSeal ?? 1) - 1)
      if (from <= until)
        warnings.push(
          `${sealsText(from, until)} signed by a key that was replaced. If it was stolen, they count only up to a head that was noted before: give that with --head.`,
        )
      return warnings
    },
  }
}
