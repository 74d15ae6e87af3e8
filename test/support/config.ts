/** What the configuration makes of an environment. */
import type { Test } from 'tap'
import type { Config } from '../../src/config/config.ts'
import { ConfigurationError, readConfig } from '../../src/config/read-config.ts'
import { variables } from '../../src/config/variables.ts'

export type Environment = Record<string, string | undefined>

/** What has to be set beside a variable: two are of use only with a key-encryption key. */
export const besides = (name: string): Environment =>
  ['SIGNET_KEYS_STORE', 'SIGNET_KEY_ENCRYPTION_KEY_BEFORE'].includes(name)
    ? { [variables.keyEncryptionKey.name]: variables.keyEncryptionKey.example }
    : {}

/** The mistakes that `environment` is refused for; none when it is accepted. */
export function mistakesIn(environment: Environment): readonly string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes
    throw error
  }
}

/** One mistake, about `name`, with a reason that matches and a right example. */
export function refuses(t: Test, environment: Environment, name: string, reason: RegExp) {
  const mistakes = mistakesIn(environment)
  const label = JSON.stringify(environment)
  t.equal(mistakes.length, 1, `${label} has one mistake: ${mistakes.join('; ')}`)
  t.match(mistakes[0], reason, label)
  t.ok(mistakes[0]?.startsWith(name), `${label}: the mistake begins with ${name}`)
  const example = /\. Example: (.+)$/.exec(mistakes[0] ?? '')?.[1] ?? ''
  const pairs = example.split(' ').map(pair => pair.split(/=(.*)/s).slice(0, 2))
  const right = { ...besides(name), ...Object.fromEntries(pairs) }
  if (!name.endsWith('_FILE')) t.strictSame(mistakesIn(right), [], `${label}: ${example} is right`)
}

export function refusesEach(t: Test, name: string, reason: RegExp, texts: readonly string[]) {
  for (const text of texts) refuses(t, { [name]: text }, name, reason)
}

export function accepts<Member extends keyof Config>(
  t: Test,
  member: Member,
  cases: readonly [string, Config[Member]][],
) {
  for (const [text, value] of cases) {
    t.strictSame(readConfig({ [variables[member].name]: text })[member], value, `${variables[member].name}=${text}`)
  }
}
