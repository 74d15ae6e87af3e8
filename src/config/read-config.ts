/** Reads the configuration from the environment. No other file does. */

import type { Config } from './config.ts'
import { defaultIssuer } from './parsers.ts'
import { plainTextWarning } from './postgres-tls.ts'
import { unknownNames } from './unknown-names.ts'
import { type Environment, readVariable, type Setting } from './variable.ts'
import { variables } from './variables.ts'

/** The environment holds mistakes: all of them, each a sentence that names its variable and holds no secret. */
export class ConfigurationError extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(['The configuration is wrong:', ...mistakes].join('\n  '))
    this.name = 'ConfigurationError'
    this.mistakes = mistakes
  }
}

/** What is in force, and where each value comes from: as many settings as there are variables, in the order of their table. */
export interface Configuration extends Config {
  readonly settings: readonly Setting[]
  /** What is right and may not be what was meant: a sentence each. */
  readonly warnings: readonly string[]
}

/**
 * Reads and checks the whole configuration.
 *
 * @param environment names and values; the files that `NAME_FILE` variables name are read too
 * @throws ConfigurationError with every mistake, not only the first
 */
export function readConfig(environment: Environment = process.env): Configuration {
  const mistakes = unknownNames(environment)
  const refused = new Set<keyof Config>()
  const settings = new Map<keyof Config, Setting>()

  /** A value that is refused is replaced by its default, so that reading goes on to the next mistake. */
  function take<Member extends keyof Config>(member: Member, fallback = variables[member].default): Config[Member] {
    const { name, parse } = variables[member]
    const outcome = readVariable(environment, variables[member])
    if (outcome !== undefined && 'value' in outcome) {
      settings.set(member, outcome.setting)
      return outcome.value
    }
    if (outcome !== undefined) {
      mistakes.push(outcome.mistake)
      refused.add(member)
    }
    settings.set(member, { name, value: fallback, source: 'default', file: undefined })
    return parse(fallback)
  }

  const host = take('host')
  const port = take('port')
  const unset = defaultIssuer(host, port)
  const config: Config = {
    issuer: take('issuer', unset.issuer),
    host,
    port,
    managementHost: take('managementHost', host),
    managementPort: take('managementPort'),
    database: take('database'),
    databasePoolSize: take('databasePoolSize'),
    databaseConnectionLifetimeSeconds: take('databaseConnectionLifetimeSeconds'),
    databaseTimeoutSeconds: take('databaseTimeoutSeconds'),
    keysDirectory: take('keysDirectory'),
    trustGroup: take('trustGroup'),
    accessTokenTtlSeconds: take('accessTokenTtlSeconds'),
    refreshIdleTtlSeconds: take('refreshIdleTtlSeconds'),
    refreshAbsoluteTtlSeconds: take('refreshAbsoluteTtlSeconds'),
    refreshGraceSeconds: take('refreshGraceSeconds'),
    sessionLimit: take('sessionLimit'),
    auditGrants: take('auditGrants'),
    auditRetentionSeconds: take('auditRetentionSeconds'),
    keyRotationIntervalSeconds: take('keyRotationIntervalSeconds'),
    keyPublishLeadSeconds: take('keyPublishLeadSeconds'),
    keysStore: take('keysStore'),
    keyEncryptionKey: take('keyEncryptionKey'),
    keyEncryptionKeyBefore: take('keyEncryptionKeyBefore'),
    keepAliveSeconds: take('keepAliveSeconds'),
    shutdownDelaySeconds: take('shutdownDelaySeconds'),
    trustProxy: take('trustProxy'),
    allowNetworks: take('allowNetworks'),
    logLevel: take('logLevel'),
  }
  const isProduction = environment['NODE_ENV'] === 'production'
  const hasIssuer = settings.get('issuer')?.source !== 'default'
  for (const { members, mistake } of contradictions(config, isProduction && !hasIssuer)) {
    // A default that stands in for a refused value contradicts nothing that the operator wrote.
    if (members.some(member => refused.has(member))) continue
    const examples = members.map(member => `${variables[member].name}=${variables[member].example}`)
    mistakes.push(`${mistake}. Example: ${examples.join(' ')}`)
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes)
  const warnings = [
    isProduction && config.issuer.startsWith('http:')
      ? `SIGNET_ISSUER is ${config.issuer}: only this machine can reach it. Before anybody else uses this service, set the https URL that clients use; tokens issued until then are refused under the new name`
      : undefined,
    !hasIssuer && !unset.isOfHost
      ? `SIGNET_ISSUER is not set, and SIGNET_HOST is no loopback address: tokens name ${unset.issuer} as their issuer, where only this machine finds it. Set SIGNET_ISSUER to the URL that clients use`
      : undefined,
    config.database.kind === 'postgres' ? plainTextWarning(config.database.url) : undefined,
  ].filter(warning => warning !== undefined)
  return { ...config, settings: membersInOrder.flatMap(member => settings.get(member) ?? []), warnings }
}

const membersInOrder = Object.keys(variables) as (keyof Config)[]

/** Values that are right one by one and wrong together. The messages repeat no value: it may come from a file. */
function contradictions(config: Config, lacksIssuer: boolean) {
  const hosts = [config.host, config.managementHost]
  // A wildcard address takes the port on every address.
  const sameHost = config.host === config.managementHost || hosts.includes('0.0.0.0') || hosts.includes('::')
  const rules: { broken: boolean; members: (keyof Config)[]; mistake: string }[] = [
    {
      broken: lacksIssuer,
      members: ['issuer'],
      mistake:
        'SIGNET_ISSUER is required when NODE_ENV is production: the https URL that clients use, or http://localhost:3000 to try Signet on this machine',
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
  const { keysStore, keyEncryptionKey: key, keyEncryptionKeyBefore: before } = config
  rules.push(
    {
      broken: keysStore === 'database' && key === undefined,
      members: ['keysStore', 'keyEncryptionKey'],
      mistake:
        'SIGNET_KEYS_STORE=database needs SIGNET_KEY_ENCRYPTION_KEY: no private key lies in the database in the clear',
    },
    {
      broken: before !== undefined && (key === undefined || Buffer.from(key).equals(before)),
      members: ['keyEncryptionKey', 'keyEncryptionKeyBefore'],
      mistake: 'SIGNET_KEY_ENCRYPTION_KEY_BEFORE needs SIGNET_KEY_ENCRYPTION_KEY, which must be another key',
    },
  )
  return rules.filter(({ broken }) => broken)
}
