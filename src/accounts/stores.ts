/** The storage interfaces of users, roles and clients. `storage` implements them. */

export type Status = 'active' | 'disabled' | 'deleted'

export interface User {
  /** `user_…`, never reused. */
  readonly userId: string
  /** As entered. */
  readonly username: string
  readonly status: Status
  readonly passwordHash: string
  /** New with each password that is set, and the same when only its hash is upgraded. */
  readonly passwordId: string
  readonly createdAtMs: number
}

export interface UserStoreReader {
  /** The user with this key who is not deleted. */
  findByKey(usernameKey: string): Promise<User | undefined>
  /** The same by the internal id. */
  findById(userId: string): Promise<User | undefined>
  /** Ordered by name, without the deleted ones. */
  list(): Promise<readonly (User & { readonly roles: readonly string[] })[]>
  rolesOf(userId: string): Promise<readonly Role[]>
}

export interface UserStore extends UserStoreReader {
  /** False when the name is taken. */
  insert(user: User & { readonly usernameKey: string }): Promise<boolean>
  setStatus(userId: string, status: Status): Promise<void>
  setPassword(userId: string, password: { readonly passwordHash: string; readonly passwordId: string }): Promise<void>
  /** Sets the hash only where `expected` is still the stored one. */
  replacePasswordHash(userId: string, expected: string, passwordHash: string): Promise<boolean>
  /** False when the user had the role before. */
  grantRole(userId: string, roleName: string): Promise<boolean>
  /** False when the user did not have it. */
  revokeRole(userId: string, roleName: string): Promise<boolean>
}

export interface Role {
  readonly name: string
  readonly permissions: readonly string[]
}

export interface RoleStoreReader {
  find(name: string): Promise<Role | undefined>
  list(): Promise<readonly Role[]>
  /** Ids of those who have the role. */
  usersOf(name: string): Promise<readonly string[]>
}

export interface RoleStore extends RoleStoreReader {
  /** False when the name is taken. */
  insert(role: Role): Promise<boolean>
  setPermissions(name: string, permissions: readonly string[]): Promise<void>
  /** Removes the role from everybody who has it, too. */
  delete(name: string): Promise<void>
}

export interface ClientSecret {
  readonly id: string
  readonly name: string | null
  /** SHA-256, base64url: the secret is long and random, a slow hash would protect nothing. */
  readonly hash: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
}

/** What an operator may set of a client. */
export interface ClientSettings {
  readonly grants: readonly string[]
  readonly scope: readonly string[]
  readonly audiences: readonly string[]
  readonly origins: readonly string[]
  readonly introspect: readonly string[]
  readonly accessTokenTtlSeconds: number | null
}

export interface Client extends ClientSettings {
  readonly id: string
  readonly clientId: string
  readonly status: Status
  readonly isPublic: boolean
  readonly secrets: readonly ClientSecret[]
  readonly createdAtMs: number
}

export interface ClientStoreReader {
  /** The client with this `client_id` that is not deleted. */
  find(clientId: string): Promise<Client | undefined>
  /** Ordered by `client_id`, without the deleted ones. */
  list(): Promise<readonly Client[]>
}

export interface ClientStore extends ClientStoreReader {
  /** False when the `client_id` is taken. */
  insert(client: Client): Promise<boolean>
  update(id: string, settings: ClientSettings): Promise<void>
  setStatus(id: string, status: Status): Promise<void>
  setSecrets(id: string, secrets: readonly ClientSecret[]): Promise<void>
}
