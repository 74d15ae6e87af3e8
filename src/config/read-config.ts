/** Reads the configuration from the environment. No other file does. */
import { type Environment, readVariable } from './variable.ts'
import { type Config, variables } from './variables.ts'

/** The environment holds mistakes: all of them, each a sentence that names its variable and holds no secret. */
export class ConfigurationError extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(['The configuration is wrong:', ...mistakes].join('\n  '))
    this.name = 'ConfigurationError'
    this.mistakes = mistakes
  }
}

/**
 * Reads and checks the whole configuration.
 *
 * @param environment names and values; the files that `NAME_FILE` variables name are read too
 * @throws ConfigurationError with every mistake, not only the first
 */
export function readConfig(environment: Environment = process.env): Config {
  const mistakes = unknownNames(environment)
  const refused = new Set<keyof Config>()

  /** A value that is refused is replaced by its default, so that reading goes on to the next mistake. */
  function take<Member extends keyof Config>(member: Member, fallback = variables[member].default): Config[Member] {
    const { parse } = variables[member]
    const outcome = readVariable(environment, variables[member])
    if (outcome !== undefined && 'value' in outcome) return outcome.value
    if (outcome !== undefined) {
      mistakes.push(outcome.mistake)
      refused.add(member)
    }
    return parse(fallback)
  }

  const host = take('host')
  const port = take('port')
  const config: Config = {
    // Not simply text: in normal form port 80 is left out.
    issuer: take('issuer', new URL(`http://127.0.0.1:${port}`).origin),
    host,
    port,
    managementHost: take('managementHost', host),
    managementPort: take('managementPort'),
    database: take('database'),
    keysDirectory: take('keysDirectory'),
    accessTokenTtlSeconds: take('accessTokenTtlSeconds'),
    refreshIdleTtlSeconds: take('refreshIdleTtlSeconds'),
    refreshAbsoluteTtlSeconds: take('refreshAbsoluteTtlSeconds'),
    refreshGraceSeconds: take('refreshGraceSeconds'),
    sessionLimit: take('sessionLimit'),
    auditGrants: take('auditGrants'),
    keyRotationIntervalSeconds: take('keyRotationIntervalSeconds'),
    keyPublishLeadSeconds: take('keyPublishLeadSeconds'),
    keyEncryptionKey: take('keyEncryptionKey'),
    trustProxy: take('trustProxy'),
    logLevel: take('logLevel'),
  }
  for (const { members, mistake } of contradictions(config, environment['NODE_ENV'] === 'production')) {
    // A default that stands in for a refused value contradicts nothing that the operator wrote.
    if (members.some(member => refused.has(member))) continue
    const examples = members.map(member => `${variables[member].name}=${variables[member].example}`)
    mistakes.push(`${mistake}. Example: ${examples.join(' ')}`)
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes)
  return config
}

/** Values that are right one by one and wrong together. The messages repeat no value: it may come from a file. */
function contradictions(config: Config, production: boolean) {
  const hosts = [config.host, config.managementHost]
  // A wildcard address takes the port on every address.
  const sameHost = config.host === config.managementHost || hosts.includes('0.0.0.0') || hosts.includes('::')
  const rules: { broken: boolean; members: (keyof Config)[]; mistake: string }[] = [
    {
      broken: production && !config.issuer.startsWith('https:'),
      members: ['issuer'],
      mistake: 'SIGNET_ISSUER is required and must be https when NODE_ENV is production',
    },
    {
      broken: sameHost && config.port === config.managementPort,
      members: ['host', 'port', 'managementHost', 'managementPort'],
      mistake: 'SIGNET_PORT and SIGNET_MANAGEMENT_PORT must differ when one address can serve both',
    },
    {
      broken: config.refreshAbsoluteTtlSeconds < config.refreshIdleTtlSeconds,
      members: ['refreshAbsoluteTtlSeconds', 'refreshIdleTtlSeconds'],
      mistake: 'SIGNET_REFRESH_ABSOLUTE_TTL must not be below SIGNET_REFRESH_IDLE_TTL',
    },
    {
      broken: config.keyPublishLeadSeconds >= (config.keyRotationIntervalSeconds ?? Number.POSITIVE_INFINITY),
      members: ['keyPublishLeadSeconds', 'keyRotationIntervalSeconds'],
      mistake: 'SIGNET_KEY_PUBLISH_LEAD must be below SIGNET_KEY_ROTATION_INTERVAL',
    },
  ]
  return rules.filter(({ broken }) => broken)
}

/** One mistake for each `SIGNET_*` name that no variable has: a mistyped name must not silently mean the default. */
function unknownNames(environment: Environment): string[] {
  const known = Object.values(variables).flatMap(({ name }) => [name, `${name}_FILE`])
  return (
    Object.keys(environment)
      .filter(name => name.startsWith('SIGNET_') && environment[name] !== undefined && !known.includes(name))
      // Kubernetes sets these in every pod beside a Service that is named "signet".
      .filter(name => !/^SIGNET_(SERVICE_|PORT_\d+_)/.test(name))
      .map(name => {
        const nearest = nearestOf(name, known)
        // A Service whose name begins with "signet-" leaves links that are not told apart from mistyped names.
        const isLink = /_(SERVICE_(HOST|PORT)|PORT_\d+_)/.test(name)
        const otherAdvice = isLink
          ? 'if Kubernetes sets it, "enableServiceLinks: false" ends that'
          : 'docs/configuration.md lists all'
        const advice = nearest === undefined ? otherAdvice : `did you mean ${nearest}?`
        return `${name} is not a variable of Signet: ${advice}`
      })
  )
}

/** @returns the candidate with the fewest edits to `name`, if three are enough */
function nearestOf(name: string, candidates: readonly string[]): string | undefined {
  return candidates
    .map(candidate => ({ candidate, edits: editsBetween(name, candidate) }))
    .filter(({ edits }) => edits <= 3)
    .sort((one, other) => one.edits - other.edits)[0]?.candidate
}

/** Levenshtein distance: how many characters to insert, delete or replace. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (to[column - 1] === letter ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
