/** Every environment variable, in one table. */
import { formatDuration } from '../clock.ts'
import {
  LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS,
  LONGEST_REFRESH_GRACE_SECONDS,
  SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS,
  SHORTEST_PUBLISH_LEAD_SECONDS,
} from '../records/limits.ts'
import type { Config } from './config.ts'
import { parseDatabase } from './database-location.ts'
import { maskDatabase, maskKey256 } from './masks.ts'
import {
  durationBetween,
  integerBetween,
  oneOf,
  parseHost,
  parseIssuer,
  parseKey256,
  parseNetworks,
  parsePort,
} from './parsers.ts'
import type { Variable } from './variable.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const auditRetention = durationBetween(DAY, 3650 * DAY)
const parseYesOrNo = oneOf('true', 'false')
const rotationInterval = durationBetween(HOUR, 1095 * DAY)

/** Every variable, under the member of Config that it sets. */
export const variables: { readonly [Member in keyof Config]: Variable<Config[Member]> } = {
  issuer: {
    name: 'SIGNET_ISSUER',
    default: 'http://<host>:<port>',
    example: 'https://login.example.com',
    description: 'The URL that tokens name as their issuer, and under which every endpoint lies',
    parse: parseIssuer,
  },
  host: {
    name: 'SIGNET_HOST',
    default: '127.0.0.1',
    example: '0.0.0.0',
    description: 'Address or host name on which the public port listens',
    parse: parseHost,
  },
  port: {
    name: 'SIGNET_PORT',
    default: '3000',
    example: '8080',
    description: 'Public port',
    parse: parsePort,
  },
  managementHost: {
    name: 'SIGNET_MANAGEMENT_HOST',
    default: 'as SIGNET_HOST',
    example: '10.0.0.5',
    description: 'Address or host name on which the management port listens',
    parse: parseHost,
  },
  managementPort: {
    name: 'SIGNET_MANAGEMENT_PORT',
    default: '9090',
    example: '9091',
    description: 'Management port: health and API documentation',
    parse: parsePort,
  },
  database: {
    name: 'SIGNET_DATABASE_URL',
    default: 'file:db/signet.sqlite',
    example: 'postgres://signet:PASSWORD@db.example.com/signet',
    description: 'SQLite file (relative to the working directory, or absolute) or PostgreSQL URL',
    mask: maskDatabase,
    parse: parseDatabase,
  },
  databasePoolSize: {
    name: 'SIGNET_DATABASE_POOL_SIZE',
    default: '10',
    example: '20',
    description: 'Connections to PostgreSQL that a process has at most, from 2 to 100; with SQLite it means nothing',
    parse: integerBetween(2, 100),
  },
  databaseConnectionLifetimeSeconds: {
    name: 'SIGNET_DATABASE_CONNECTION_LIFETIME',
    default: '30m',
    example: '5m',
    description: 'How old a connection to PostgreSQL gets before another takes its place, from 1m to 24h',
    parse: durationBetween(MINUTE, DAY),
  },
  databaseTimeoutSeconds: {
    name: 'SIGNET_DATABASE_TIMEOUT',
    default: '2s',
    example: '5s',
    description: 'The longest that a request waits for PostgreSQL before it is answered with 503, from 1s to 60s',
    parse: durationBetween(1, MINUTE),
  },
  keysDirectory: {
    name: 'SIGNET_KEYS_DIR',
    default: 'keys',
    example: '/var/lib/signet/keys',
    description: 'Directory of the private signing keys (relative to the working directory, or absolute)',
    parse: text => text,
  },
  trustGroup: {
    name: 'SIGNET_TRUST_GROUP',
    default: 'false',
    example: 'true',
    description:
      'Whether database and keys may belong to root and be open to a group of the process, on volumes whose group somebody else manages: true or false',
    parse: text => parseYesOrNo(text) === 'true',
  },
  accessTokenTtlSeconds: {
    name: 'SIGNET_ACCESS_TOKEN_TTL',
    default: '10m',
    example: '5m',
    description: `Lifetime of an access token, from ${formatDuration(SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS)} to ${formatDuration(LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS)}`,
    parse: durationBetween(SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS, LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS),
  },
  refreshIdleTtlSeconds: {
    name: 'SIGNET_REFRESH_IDLE_TTL',
    default: '14d',
    example: '7d',
    description: 'A session that is not refreshed for this long ends, from 1m to 365d',
    parse: durationBetween(MINUTE, 365 * DAY),
  },
  refreshAbsoluteTtlSeconds: {
    name: 'SIGNET_REFRESH_ABSOLUTE_TTL',
    default: '90d',
    example: '30d',
    description:
      'A session ends this long after sign-in, refreshed or not, from 1m to 3650d; not below the idle lifetime',
    parse: durationBetween(MINUTE, 3650 * DAY),
  },
  refreshGraceSeconds: {
    name: 'SIGNET_REFRESH_GRACE',
    default: '30s',
    example: '10s',
    description: `How long a refresh whose response was lost may be repeated, from 0s (never) to ${formatDuration(LONGEST_REFRESH_GRACE_SECONDS)}`,
    parse: durationBetween(0, LONGEST_REFRESH_GRACE_SECONDS),
  },
  sessionLimit: {
    name: 'SIGNET_SESSION_LIMIT',
    default: '50',
    example: '10',
    description:
      'Sessions that a user may have through one client, from 1 to 1000; one more ends the one that is idle for longest',
    parse: integerBetween(1, 1000),
  },
  auditGrants: {
    name: 'SIGNET_AUDIT_GRANTS',
    default: 'changes',
    example: 'all',
    description:
      'Which refreshes and grants of machines are audited: those that change where from, or are written (changes), or all',
    parse: oneOf('changes', 'all'),
  },
  auditRetentionSeconds: {
    name: 'SIGNET_AUDIT_RETENTION',
    default: '400d',
    example: '90d',
    description: 'How long audit events are kept, from 1d to 3650d, or off (for ever)',
    parse: text => (text === 'off' ? undefined : auditRetention(text)),
  },
  keyRotationIntervalSeconds: {
    name: 'SIGNET_KEY_ROTATION_INTERVAL',
    default: '90d',
    example: '30d',
    description: 'Time between two rotations of the signing key, from 1h to 1095d, or off',
    // NIST SP 800-57 gives a private signature key three years at most.
    parse: text => (text === 'off' ? undefined : rotationInterval(text)),
  },
  keyPublishLeadSeconds: {
    name: 'SIGNET_KEY_PUBLISH_LEAD',
    default: '24h',
    example: '12h',
    description: `A key is published for this long before it may sign, from ${formatDuration(SHORTEST_PUBLISH_LEAD_SECONDS)} to 30d; below the rotation interval`,
    parse: durationBetween(SHORTEST_PUBLISH_LEAD_SECONDS, 30 * DAY),
  },
  keysStore: {
    name: 'SIGNET_KEYS_STORE',
    default: 'files',
    example: 'database',
    description:
      'Where private keys are kept: in files of SIGNET_KEYS_DIR (files), or encrypted in the database, which instances share (database)',
    parse: oneOf('files', 'database'),
  },
  keyEncryptionKey: {
    name: 'SIGNET_KEY_ENCRYPTION_KEY',
    default: 'none',
    example: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY',
    description: 'Encrypts the private keys at rest: 32 random bytes in base64 (`openssl rand -base64 32`), or none',
    mask: maskKey256,
    parse: parseKey256,
  },
  keyEncryptionKeyBefore: {
    name: 'SIGNET_KEY_ENCRYPTION_KEY_BEFORE',
    default: 'none',
    example: 'ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA',
    description: 'The key-encryption key before, which decrypts until `signet keys rewrap` has moved all keys, or none',
    mask: maskKey256,
    parse: parseKey256,
  },
  keepAliveSeconds: {
    name: 'SIGNET_KEEP_ALIVE',
    default: '75s',
    example: '620s',
    description:
      'How long an idle connection is kept, from 1s to 2h; longer than the proxy or balancer in front keeps its own',
    // Node takes 0 for ever.
    parse: durationBetween(1, 2 * HOUR),
  },
  shutdownDelaySeconds: {
    name: 'SIGNET_SHUTDOWN_DELAY',
    default: '0s',
    example: '15s',
    description: 'How long a service that was told to stop goes on while its readiness fails already, from 0s to 10m',
    parse: durationBetween(0, 10 * MINUTE),
  },
  trustProxy: {
    name: 'SIGNET_TRUST_PROXY',
    default: 'none',
    example: '10.0.0.0/8,fd00::/8',
    description: 'Networks of the reverse proxies whose X-Forwarded-For is believed',
    parse: parseNetworks,
  },
  allowNetworks: {
    name: 'SIGNET_ALLOW_NETWORKS',
    default: 'none',
    example: '10.20.0.0/16',
    description: 'Loopback, private and shared networks that outgoing requests may reach; they reach public addresses',
    parse: parseNetworks,
  },
  logLevel: {
    name: 'SIGNET_LOG_LEVEL',
    default: 'info',
    example: 'warn',
    description: 'Least severe level that is logged: fatal, error, warn, info, debug or trace',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace'),
  },
}
