/** Users, roles, clients, issuers and API keys: the part of the composition root that looks after them. */
import { createApiKeys } from '../accounts/api-keys.ts'
import type { Cascades } from '../accounts/cascades.ts'
import { createClients } from '../accounts/clients.ts'
import type { IssuerSurroundings } from '../accounts/issuer-rules.ts'
import { createPasswordTickets } from '../accounts/password-tickets.ts'
import { createRoles } from '../accounts/roles.ts'
import type { SignInThrottling } from '../accounts/sign-in-throttling.ts'
import { createTrustedIssuers } from '../accounts/trusted-issuers.ts'
import { createUsers } from '../accounts/users.ts'
import { createNameHash } from '../audit/name-hash.ts'
import type { EventRecorder } from '../audit/recorder.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { AuditKeys } from '../keys/audit-keys.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Randomness } from '../randomness.ts'
import type { Readers, Write } from '../records/unit-of-work.ts'
import { once } from './once.ts'

export function composeAccounts(parts: {
  readonly config: Config
  readonly clock: Clock
  readonly randomness: Randomness
  readonly passwords: Passwords
  readonly surroundings: IssuerSurroundings
  database(): Promise<{ readonly read: Readers; readonly write: Write }>
  recorder(): Promise<EventRecorder>
  cascades(): Promise<Cascades>
  throttling(): Promise<SignInThrottling>
  auditKeys(): Promise<AuditKeys>
}) {
  const { config, clock, randomness, passwords, surroundings, throttling, database } = parts

  /** What every one of them needs. */
  const common = async () => {
    const { read, write } = await database()
    return { read, write, cascades: await parts.cascades(), clock, randomness }
  }

  const userParts = async () => {
    const { record: recordEvent } = await parts.recorder()
    return { ...(await common()), recordEvent, passwords, throttling }
  }

  return {
    users: once(async () => {
      const nameHash = async () => createNameHash(await parts.auditKeys(), 'username')
      return createUsers({ ...(await userParts()), nameHash })
    }),
    passwordTickets: once(async () => createPasswordTickets(await userParts())),
    roles: once(async () => {
      const { read, ...rest } = await common()
      return createRoles({ roles: read.roles, ...rest })
    }),
    clients: once(async () => {
      const { read, ...rest } = await common()
      return createClients({ ...rest, clients: read.clients, roles: read.roles, uriProblem: surroundings.uriProblem })
    }),
    issuers: once(async () => {
      const { read, ...rest } = await common()
      return createTrustedIssuers({ issuers: read.trustedIssuers, surroundings, ...rest })
    }),
    apiKeys: once(async () => createApiKeys({ ...(await common()), issuer: config.issuer })),
  }
}
