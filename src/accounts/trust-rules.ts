/** What may be entered for a trust: conditions on the claims of a workload's token. */
import { claimPath } from '../records/claim-name.ts'
import { type Condition, SUBJECT } from '../records/client-trust.ts'
import type { IssuerSettings } from '../records/trusted-issuer.ts'
import { ownerProblem } from './shared-issuers.ts'

/** Every token of the issuer is asked for them anyway, or they say nothing of the workload (RFC 7519 §4.1). */
const reserved = ['iss', 'aud', 'azp', 'exp', 'nbf', 'iat', 'jti']

const MOST_CONDITIONS = 20
const LONGEST_NAME = 512
const LONGEST_VALUE = 1024

/** A pointer at a member of the top level is that member. */
export function canonical({ name, value }: Condition): Condition {
  const [first = '', ...rest] = claimPath(name) ?? []
  return { name: rest.length === 0 && first !== '' && !first.startsWith('/') ? first : name, value }
}

function nameProblem(name: string): string | undefined {
  const [first] = claimPath(name) ?? []
  if (first === undefined || name.length > LONGEST_NAME || /\p{C}/u.test(name))
    return 'A claim is named as it is spelt, or by a JSON Pointer such as /kubernetes.io/serviceaccount/uid, in which ~0 is ~ and ~1 is /.'
  return reserved.includes(first) ? `There are no conditions on ${reserved.join(', ')}.` : undefined
}

const valueProblem = (value: string): string | undefined =>
  value !== '' && value.length <= LONGEST_VALUE && !/\p{C}/u.test(value)
    ? undefined
    : `The value of a claim has 1 to ${LONGEST_VALUE} printable characters. There are no patterns.`

function domainProblem(domain: string | null, { name, value }: Condition): string | undefined {
  if (domain === null || name !== SUBJECT || value.startsWith(`spiffe://${domain}/`)) return undefined
  return `The sub of this trust domain begins with spiffe://${domain}/.`
}

/** @param conditions canonical ones */
export function conditionsProblem(
  issuer: Pick<IssuerSettings, 'url' | 'isShared' | 'trustDomain'>,
  conditions: readonly Condition[],
): string | undefined {
  const count = conditions.length
  if (count === 0 || count > MOST_CONDITIONS) return `A trust has 1 to ${MOST_CONDITIONS} conditions.`
  const first = conditions
    .map(
      condition =>
        nameProblem(condition.name) ?? valueProblem(condition.value) ?? domainProblem(issuer.trustDomain, condition),
    )
    .find(problem => problem !== undefined)
  if (first !== undefined) return first
  if (new Set(conditions.map(({ name }) => name)).size < count) return 'A claim has one condition at most.'
  return ownerProblem(issuer, conditions)
}
