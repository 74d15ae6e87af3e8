/** Keys and trusts in what `signet apply` changes. Of a key only what it is called is told. */
import type { CredentialDifference } from '../maintenance/credential-definitions.ts'
import type { ClientKeySource } from '../records/client-key.ts'
import type { ClientTrust } from '../records/client-trust.ts'
import { thumbprintOf } from '../records/public-key.ts'
import { describeDefinedTrust } from '../representations/defined-credentials.ts'
import type { MemberChange, Members } from './difference-members.ts'

const nameOf = (source: ClientKeySource): string =>
  'jwksUri' in source ? source.jwksUri : (source.jwk.kid ?? thumbprintOf(source.jwk))

/** Two that are called the same are told apart by what they are. */
export function keyChange(added: readonly ClientKeySource[], removed: readonly ClientKeySource[]): MemberChange {
  const names = [...added, ...removed].map(nameOf)
  const toldOf = (source: ClientKeySource): string => {
    const name = nameOf(source)
    const isUnique = 'jwksUri' in source || names.indexOf(name) === names.lastIndexOf(name)
    return isUnique ? name : `${name} (${source.jwk.alg}, ${thumbprintOf(source.jwk)})`
  }
  return { added: added.map(toldOf), removed: removed.map(toldOf) }
}

const describeTrust = ({ issuerName, conditions }: ClientTrust) =>
  describeDefinedTrust({ issuerName: issuerName ?? '', conditions })

export const credentialChanges = ({ keys, trusts }: CredentialDifference): Members => ({
  keys: keyChange(
    keys.added,
    keys.removed.map(({ source }) => source),
  ),
  trusts: { added: trusts.added.map(describeDefinedTrust), removed: trusts.removed.map(describeTrust) },
})
