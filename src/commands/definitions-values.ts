/** What of the values in a file of definitions no schema can say: it is of no use to the rules, which see what it was read as. */
import { registeredKey } from '../accounts/client-keys.ts'
import { issuerKeysIn } from '../accounts/issuer-rules.ts'
import { AccountError } from '../accounts/rules.ts'
import { parseDuration } from '../clock.ts'
import { type DefinitionProblem, problemAt } from '../maintenance/definition-problem.ts'
import type { KeyJson } from '../representations/defined-credentials.ts'
import type { IssuerJson } from '../representations/defined-issuer.ts'
import type { DefinitionsJson } from '../representations/definitions.ts'

const DURATION = 'A duration is a number and s, m, h or d, for example 10m.'
const KEY_SOURCES = ['jwks_uri', 'bundle_uri', 'jwks'] as const

/** The rules see a number of seconds. */
const durationProblem = (text: string | undefined): string | undefined =>
  text === undefined || parseDuration(text) !== undefined ? undefined : DURATION

/** What the reader of keys says, which repeats nothing of them. */
function refusalOf(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof AccountError) return error.message
    throw error
  }
}

function problemsOfKey({ jwk, jwks_uri: jwksUri }: KeyJson, path: readonly string[]): DefinitionProblem[] {
  if ((jwk === undefined) === (jwksUri === undefined)) return problemAt(path, 'Give jwk or jwks_uri.')
  return problemAt([...path, 'jwk'], jwk && refusalOf(() => registeredKey(jwk)))
}

function problemsOfIssuer(issuer: IssuerJson, path: readonly string[]): DefinitionProblem[] {
  const { jwks, max_lifetime: lifetime } = issuer
  const [, second] = KEY_SOURCES.filter(name => issuer[name] !== undefined)
  return [
    ...problemAt([...path, second ?? ''], second && `Give one of ${KEY_SOURCES.join(', ')}.`),
    ...problemAt([...path, 'jwks'], jwks && refusalOf(() => issuerKeysIn(jwks))),
    ...problemAt([...path, 'max_lifetime'], durationProblem(lifetime)),
  ]
}

/** @param json as the schema has it */
export const problemsOfValues = ({ issuers = {}, clients = {} }: DefinitionsJson): DefinitionProblem[] => [
  ...Object.entries(issuers).flatMap(([name, issuer]) => problemsOfIssuer(issuer, ['issuers', name])),
  ...Object.entries(clients).flatMap(([clientId, { access_token_ttl: lifetime, keys = [] }]) => {
    const path = ['clients', clientId]
    return [
      ...problemAt([...path, 'access_token_ttl'], durationProblem(lifetime)),
      ...keys.flatMap((key, at) => problemsOfKey(key, [...path, 'keys', `${at}`])),
    ]
  }),
]
