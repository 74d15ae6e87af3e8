/** The keys of an audit: which one is to have signed a seal, and which ones are believed. */
import type { KeyObject } from 'node:crypto'
import { successorMessage } from '../records/audit-encoding.ts'
import type { AuditKey } from '../records/audit-seal.ts'
import { isSignedBy, publicKeyOf, publicKeyText } from './public-key.ts'

export interface CheckedKey {
  readonly key: AuditKey
  readonly publicKey: KeyObject | undefined
  /** It was given, or is signed by one that is believed; without any that was given, what the database says. */
  readonly isBelieved: boolean
}

export interface KeyChain {
  /** What is wrong with it or to be known of it. */
  add(key: AuditKey): { readonly problems: readonly string[]; readonly warnings: readonly string[] }
  /** The key that is to have signed the seal with this number. */
  of(sealNumber: number): CheckedKey | undefined
  readonly all: readonly CheckedKey[]
}

/** @param given texts of public keys; with none, the database's first one is believed, and those after it */
export function createKeyChain(databaseId: string, given: readonly string[]): KeyChain {
  const all: CheckedKey[] = []

  function problemOf(key: AuditKey, before: CheckedKey | undefined): string | undefined {
    if (publicKeyOf(key) === undefined)
      return `The audit key ${key.kid} is damaged: its id does not fit its public half.`
    const firstSeal = before?.key.firstSeal ?? 1
    if (key.number !== all.length + 1 || key.firstSeal < firstSeal || (before === undefined && key.firstSeal !== 1))
      return `The audit key ${key.kid} does not follow the one before: its number or its first seal was altered, or a key was removed.`
    if (key.signature === null || isSignedByBefore(key, before)) return undefined
    return `The audit key ${key.kid}, from seal ${key.firstSeal} on, is not signed by the key before: somebody put it there or altered it.`
  }

  const isSignedByBefore = (key: AuditKey, before: CheckedKey | undefined): boolean =>
    isSignedBy(before?.publicKey, successorMessage(databaseId, key), key.signature)

  return {
    all,
    of: sealNumber => all.findLast(({ key }) => key.firstSeal <= sealNumber),
    add(key) {
      const before = all.at(-1)
      const problem = problemOf(key, before)
      const text = publicKeyText(key)
      const isAlone = before !== undefined && key.signature === null
      const isInherited = before === undefined ? given.length === 0 : before.isBelieved && isSignedByBefore(key, before)
      const isTaken = isAlone && given.length === 0
      all.push({
        key,
        publicKey: publicKeyOf(key),
        isBelieved: problem === undefined && (given.includes(text) || isInherited || isTaken),
      })
      return {
        problems: problem === undefined ? [] : [problem],
        warnings:
          isTaken && problem === undefined
            ? [
                `The audit key ${key.kid}, from seal ${key.firstSeal} on, is not signed by the key before, as after \`keys revoke --all\` with the private key lost. ` +
                  `If that was not you, somebody put it there; if it was, give it: --public-key ${text}`,
              ]
            : [],
      }
    },
  }
}
