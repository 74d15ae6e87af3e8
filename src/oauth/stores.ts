/** Every storage interface that the protocol needs, and the records it reads. */

export interface Client {
  /** Internal id, `client_…`, never reused. */
  readonly id: string
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId: string
  readonly status: 'active' | 'disabled' | 'deleted'
  readonly isPublic: boolean
  readonly grants: readonly string[]
  /** Permissions the client may ask for; `*` stands for whatever the user has. */
  readonly scope: readonly string[]
  readonly audiences: readonly string[]
  readonly accessTokenTtlSeconds: number | null
  readonly secrets: readonly ClientSecret[]
}

export interface ClientSecret {
  readonly id: string
  /** SHA-256, base64url. */
  readonly hash: string
  readonly expiresAtMs: number | null
}

export interface ClientReader {
  /** The client with this `client_id` that is not deleted. */
  findByClientId(clientId: string): Promise<Client | undefined>
  /** The browser origins that the client with this internal id has registered. */
  originsOf(id: string): Promise<readonly string[]>
  /** Whether any active client registered this browser origin. */
  isRegisteredOrigin(origin: string): Promise<boolean>
}

export interface Role {
  readonly name: string
  readonly permissions: readonly string[]
}

export interface ResourceOwnerReader {
  rolesOf(userId: string): Promise<readonly Role[]>
}

/** One sign-in on one device; with a refresh token family (one row, however often it rotates) if the client may refresh. */
export interface Session {
  readonly id: string
  readonly userId: string
  readonly clientId: string
  /** What the sign-in was granted. */
  readonly scope: readonly string[]
  /** What the sign-in could ask for, the default first. */
  readonly audiences: readonly string[]
  readonly authTimeSeconds: number
  readonly absoluteExpiresAtMs: number
}

export interface NewSession extends Session {
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly family: { readonly handleHash: string; readonly currentHash: string } | undefined
}

export interface RefreshFamily extends Session {
  readonly expiresAtMs: number
  readonly endedAtMs: number | null
  readonly currentHash: string
  readonly previousHash: string | null
  readonly salt: string | null
  /** Milliseconds since the last rotation by the database's clock where it has one, else by ours. */
  readonly rotatedAgoMs: number | null
}

export interface Rotation {
  readonly handleHash: string
  readonly currentHash: string
  readonly clientId: string
  readonly nextHash: string
  readonly salt: string
  readonly nowMs: number
  readonly expiresAtMs: number
}

export interface SessionReader {
  findByHandleHash(handleHash: string): Promise<RefreshFamily | undefined>
}

export interface SessionStore extends SessionReader {
  insert(session: NewSession): Promise<void>
  /** Puts the next generation in the place of the current one; false when the row is no longer as `rotation` says. */
  rotate(rotation: Rotation): Promise<boolean>
  /** False when it had ended before. */
  end(sessionId: string, reason: string, nowMs: number): Promise<boolean>
  /** Ends what is alive and answers how many. */
  endAllOfUser(userId: string, reason: string, nowMs: number): Promise<number>
  endAllOfClient(clientId: string, reason: string, nowMs: number): Promise<number>
}
