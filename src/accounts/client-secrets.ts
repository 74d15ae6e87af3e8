import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { ClientReader, RegisteredClient } from '../records/client.ts'
import type { Credential } from '../records/credential.ts'
import { hashOf } from '../records/opaque-token.ts'
import type { Write } from '../records/unit-of-work.ts'
import { assertMayChangeClient, assertMayGiveUse, type By } from './authority.ts'
import type { Cascades } from './cascades.ts'
import { clientSecretProblem, secretCountProblem } from './client-rules.ts'
import { AccountError, assertNoProblems, credentialNameProblem, credentialTtlProblem, notFound } from './rules.ts'

export interface NewSecret {
  /** For whoever reads the list; 1 to 64 characters. */
  readonly name: string | undefined
  /** Undefined: one is made. */
  readonly secret: string | undefined
  readonly ttlSeconds: number | undefined
}

/** A secret that was made here is told once, in the answer of the act that made it. */
export interface WithSecret {
  readonly client: RegisteredClient
  readonly secretId: string | undefined
  readonly generatedSecret: string | undefined
}

export interface MadeSecret {
  readonly stored: Credential
  /** Undefined where it was given. */
  readonly generated: string | undefined
}

/** Every act throws an AccountError when it is refused. */
interface ClientSecrets {
  /** Whatever can be known before the secret is there. */
  assertMayBeAdded(clientId: string, secret: Omit<NewSecret, 'secret'>): Promise<void>
  add(clientId: string, secret: NewSecret, by: By<RegisteredClient>): Promise<WithSecret>
  /** Ends what the client got for itself with it, too. */
  remove(clientId: string, secretId: string, by: By<RegisteredClient>): Promise<RegisteredClient>
}

/** @throws AccountError when there is no such client */
export const findClient = async (reader: ClientReader, clientId: string): Promise<RegisteredClient> => {
  const client = await reader.find(clientId)
  if (client === undefined) throw notFound('client')
  return client
}

/** Stores nothing. @throws AccountError invalid */
export function makeSecret(
  { name, secret, ttlSeconds }: NewSecret,
  { clock, randomness }: { readonly clock: Clock; readonly randomness: Randomness },
): MadeSecret {
  const value = secret ?? randomness.bytes(32).toString('base64url')
  assertNoProblems({
    client_secret: clientSecretProblem(value),
    name: name === undefined ? undefined : credentialNameProblem('a secret', name),
    expires_in: ttlSeconds === undefined ? undefined : credentialTtlProblem('A client secret', ttlSeconds),
  })
  const createdAtMs = clock.now()
  const stored: Credential = {
    id: randomId(randomness, 'secret'),
    name: name ?? null,
    hash: hashOf(value),
    createdAtMs,
    expiresAtMs: ttlSeconds === undefined ? null : createdAtMs + ttlSeconds * 1000,
    lastUsedAtMs: null,
  }
  return { stored, generated: secret === undefined ? value : undefined }
}

/** As they are read: by their ids, where they were made at the same moment. */
const byAge = (one: Credential, other: Credential): number =>
  one.createdAtMs - other.createdAtMs || (one.id < other.id ? -1 : 1)

/** @throws AccountError */
function assertTakesSecret({ isPublic, secrets }: RegisteredClient, nowMs: number): void {
  if (isPublic) throw new AccountError('conflict', 'A public client has no secret.')
  const tooMany = secretCountProblem(secrets, nowMs)
  if (tooMany !== undefined) throw new AccountError('limit_reached', tooMany)
}

export function createClientSecrets(dependencies: {
  readonly clients: ClientReader
  readonly write: Write
  readonly cascades: Pick<Cascades, 'end'>
  readonly clock: Clock
  readonly randomness: Randomness
}): ClientSecrets {
  const { clients, write, cascades, clock } = dependencies
  return {
    async assertMayBeAdded(clientId, asked) {
      makeSecret({ ...asked, secret: undefined }, dependencies)
      assertTakesSecret(await findClient(clients, clientId), clock.now())
    },

    async add(clientId, asked, by) {
      const { stored, generated } = makeSecret(asked, dependencies)
      return write(async stores => {
        const client = await findClient(stores.clients, clientId)
        await assertMayGiveUse(stores, by, client)
        by.expect?.(client)
        assertTakesSecret(client, clock.now())
        const secrets = [...client.secrets, stored].toSorted(byAge)
        await stores.credentials.insert(client.id, 'client_secret', stored)
        await stores.clients.raiseRevision(client.id)
        await stores.audit.append({
          type: 'client.add_secret',
          outcome: 'success',
          clientId: client.id,
          target: stored.id,
          provenance: by,
        })
        return { client: { ...client, secrets }, secretId: stored.id, generatedSecret: generated }
      })
    },

    remove: (clientId, secretId, by) =>
      write(async stores => {
        const client = await findClient(stores.clients, clientId)
        await assertMayChangeClient(stores, by, client)
        by.expect?.(client)
        const secrets = client.secrets.filter(({ id }) => id !== secretId)
        if (secrets.length === client.secrets.length) throw notFound('secret of this client')
        await stores.credentials.revoke(secretId, clock.now())
        // Of its own client alone: one row.
        await cascades.end(stores, { credentialId: secretId }, 'secret_removed', by)
        await stores.clients.raiseRevision(client.id)
        await stores.audit.append({
          type: 'client.remove_secret',
          outcome: 'success',
          clientId: client.id,
          target: secretId,
          provenance: by,
        })
        return { ...client, secrets }
      }),
  }
}
