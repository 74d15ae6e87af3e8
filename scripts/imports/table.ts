/**
 * What each room may import. A room is a folder or a single file; a file lies in the deepest room that holds it. An import of another
 * room that is not in the table is refused.
 */
export interface Row {
  readonly rooms: readonly string[] | 'every room'
  /** The only npm packages that it may import, where that is limited; `node:` modules are free. */
  readonly packages?: readonly string[]
}

/** May be imported by every room of src/. */
export const FREE: readonly string[] = ['src/clock.ts', 'src/randomness.ts', 'src/logger.ts']

const oauth = [
  ...['src/oauth', 'src/oauth/assertions', 'src/oauth/client-authentication', 'src/oauth/sessions'],
  'src/oauth/status-list',
  ...['src/oauth/form.ts', 'src/oauth/oauth-error.ts', 'src/oauth/proofs.ts', 'src/records', 'src/outgoing'],
]
const services = [...oauth, 'src/accounts', 'src/passwords', 'src/keys', 'src/audit', 'src/records']
/** Never storage, never SQL, never configuration. */
const outside: Row = { rooms: ['src/representations', 'src/maintenance', ...services] }

export const table: Readonly<Record<string, Row>> = {
  'src/main.ts': { rooms: 'every room' },
  'src/compose': { rooms: 'every room' },
  'src/http': outside,
  'src/commands': outside,
  'src/background': outside,
  'src/maintenance': { rooms: services },
  // Accounts, passwords and keys are handed in, as interfaces that oauth declares.
  'src/oauth/grants': { rooms: oauth, packages: [] },
  'src/oauth': { rooms: oauth, packages: ['jose'] },
  'src/oauth/client-authentication': {
    rooms: [
      ...['src/oauth/assertions', 'src/oauth/form.ts', 'src/oauth/oauth-error.ts', 'src/oauth/proofs.ts'],
      'src/records',
    ],
    packages: [],
  },
  'src/oauth/assertions': { rooms: ['src/outgoing', 'src/records'], packages: ['jose'] },
  'src/oauth/sessions': { rooms: ['src/oauth/status-list', 'src/records'], packages: [] },
  'src/oauth/status-list': { rooms: ['src/records'], packages: [] },
  'src/oauth/form.ts': { rooms: ['src/oauth/oauth-error.ts'], packages: [] },
  'src/oauth/oauth-error.ts': { rooms: [], packages: [] },
  'src/oauth/proofs.ts': { rooms: [], packages: [] },
  'src/accounts': { rooms: ['src/passwords', 'src/records'] },
  'src/passwords': { rooms: ['src/records'] },
  'src/keys': { rooms: ['src/records'] },
  'src/audit': { rooms: ['src/records'] },
  'src/metrics': { rooms: ['src/records'], packages: ['prom-client'] },
  'src/config': { rooms: ['src/records'] },
  'src/representations': { rooms: ['src/records'] },
  'src/outgoing': { rooms: [] },
  'src/storage': {
    rooms: [
      ...['src/storage/engine', 'src/storage/engine/postgres', 'src/storage/engine/sqlite'],
      ...['src/storage/stores', 'src/records'],
    ],
    packages: [],
  },
  'src/storage/counters': {
    rooms: ['src/storage/engine', 'src/records'],
    packages: ['rate-limiter-flexible'],
  },
  'src/storage/stores': { rooms: ['src/storage/engine', 'src/records'], packages: ['kysely'] },
  'src/storage/engine': { rooms: ['src/records', 'db/migrations'], packages: ['kysely'] },
  'src/storage/engine/postgres': { rooms: ['src/storage/engine', 'src/records'], packages: ['kysely', 'pg'] },
  'src/storage/engine/sqlite': { rooms: ['src/storage/engine', 'src/records'], packages: ['kysely', 'better-sqlite3'] },
  'src/records': { rooms: [] },
  'src/clock.ts': { rooms: [], packages: [] },
  'src/randomness.ts': { rooms: [], packages: [] },
  'src/logger.ts': { rooms: ['src/log-output.ts'], packages: ['pino'] },
  'src/log-output.ts': { rooms: [], packages: [] },
  'db/migrations': { rooms: [], packages: ['kysely'] },

  // The package @signet/verifier: nothing of src/, and Fastify for its types only.
  'verifier/src/index.ts': {
    rooms: [
      ...[
        'verifier/src',
        'verifier/src/middleware',
        'verifier/src/api-keys',
        'verifier/src/issuer',
        'verifier/src/jose',
      ],
      ...['verifier/src/environment.ts', 'verifier/src/token-error.ts'],
    ],
    packages: [],
  },
  'verifier/src/middleware': {
    rooms: [
      ...['verifier/src', 'verifier/src/api-keys', 'verifier/src/safe-url.ts', 'verifier/src/token-error.ts'],
      ...['verifier/src/known-names.ts', 'verifier/src/web-types.ts'],
    ],
    packages: ['fastify'],
  },
  'verifier/src': {
    rooms: [
      ...['verifier/src/api-keys', 'verifier/src/issuer', 'verifier/src/jose', 'verifier/src/recently-used.ts'],
      ...['verifier/src/environment.ts', 'verifier/src/safe-url.ts', 'verifier/src/token-error.ts'],
      'verifier/src/known-names.ts',
    ],
    packages: [],
  },
  'verifier/src/api-keys': {
    rooms: [
      ...['verifier/src/issuer', 'verifier/src/jose', 'verifier/src/recently-used.ts'],
      ...['verifier/src/environment.ts', 'verifier/src/known-names.ts', 'verifier/src/token-error.ts'],
    ],
    packages: [],
  },
  'verifier/src/issuer': {
    rooms: [
      ...['verifier/src/jose', 'verifier/src/environment.ts', 'verifier/src/safe-url.ts'],
      'verifier/src/token-error.ts',
    ],
    packages: [],
  },
  'verifier/src/jose': { rooms: ['verifier/src/token-error.ts'], packages: [] },
  'verifier/src/environment.ts': { rooms: ['verifier/src/token-error.ts', 'verifier/src/web-types.ts'], packages: [] },
  'verifier/src/known-names.ts': { rooms: [], packages: [] },
  'verifier/src/recently-used.ts': { rooms: [], packages: [] },
  'verifier/src/safe-url.ts': { rooms: [], packages: [] },
  'verifier/src/token-error.ts': { rooms: [], packages: [] },
  'verifier/src/web-types.ts': { rooms: [], packages: [] },

  // An example is a service of its own: its own files and packages, @signet/verifier among them.
  examples: { rooms: [] },
}

/** Packages that only these rooms may import, besides compose. */
export const keptPackages: Readonly<Record<string, readonly string[]>> = {
  kysely: ['src/storage/stores', 'src/storage/engine', 'db/migrations'],
  'better-sqlite3': ['src/storage/engine/sqlite'],
  pg: ['src/storage/engine/postgres'],
  'rate-limiter-flexible': ['src/storage/counters', 'examples'],
  fastify: ['src/http', 'verifier/src/middleware', 'examples'],
  '@commander-js/extra-typings': ['src/commands'],
  '@node-rs/argon2': ['src/passwords'],
  'prom-client': ['src/metrics'],
  jose: ['src/oauth', 'src/oauth/assertions', 'src/keys', 'src/records', 'examples'],
}
