/** Users: the people who sign in. */
import type { Role } from './role.ts'
import type { Status } from './standing.ts'

/** Internal ids begin so. */
export const USER_ID_PREFIX = 'user'

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

/** What is known of a user who comes from another system. */
export interface Imported {
  /** Of what was read of the user: whoever reads it again finds the one who was added. */
  readonly importDigest: string
  /** What a check of the password costs, while the hash is the other system's; the unit is an Argon2id of ours. */
  readonly hashCost: number | undefined
}

export interface UserWithRoles extends User {
  /** Names of the roles, ordered. */
  readonly roles: readonly string[]
}

/** In the order of the list: by the name as names are compared, and of those who had one in turn by the id. */
export interface UserPlace {
  readonly usernameKey: string
  readonly userId: string
}

export interface ListedUser extends UserWithRoles, UserPlace {}

/** Every condition that is given must be true. */
export interface UserFilter {
  /** The name as names are compared. */
  readonly key?: string | undefined
  /** A part of the name as names are compared. */
  readonly keyPart?: string | undefined
  /** Without it, those who are not deleted. */
  readonly status?: Status | undefined
  readonly role?: string | undefined
  /** Whether the hash is still that of another system. */
  readonly hasImportedHash?: true | undefined
}

export interface UserReader {
  /** The user with this key who is not deleted. */
  findByKey(usernameKey: string): Promise<User | undefined>
  /** The same by the internal id. */
  findById(userId: string): Promise<User | undefined>
  /** The first `limit`, ordered by name. @param after behind whom it begins */
  list(filter: UserFilter, limit: number, after?: UserPlace): Promise<readonly ListedUser[]>
  rolesOf(userId: string): Promise<readonly Role[]>
  /** The same, for whoever knows only the name; if nobody has it there are none. */
  rolesOfName(usernameKey: string): Promise<readonly Role[]>
  /** The status of the user with this id, never locked; undefined when there is none. */
  findStanding(userId: string): Promise<Status | undefined>
  /** Whether somebody who is active has the role, besides this user. */
  isHeldByAnother(roleName: string, userId: string): Promise<boolean>
  /** The ids of all who have or had a name: also of those who were renamed since, or deleted. */
  idsOf(usernameKey: string): Promise<readonly string[]>
  /** Whether anybody ever had this id. */
  isKnownId(userId: string): Promise<boolean>
  /** Who was added with this digest, deleted or not: the id. */
  findImported(importDigest: string): Promise<string | undefined>
  /** How many are not deleted and have the hash of another system. */
  countImportedHashes(): Promise<number>
  /** The highest `hashCost` of those who are not deleted; undefined when nobody has one. */
  dearestHashCost(): Promise<number | undefined>
  /** A hash that costs so much, of somebody who is not deleted. */
  findHashOfCost(hashCost: number): Promise<string | undefined>
}

export interface UserStore extends UserReader {
  /** False when the name is taken, or the id, or who was imported is there already. */
  insert(user: User & { readonly usernameKey: string } & Partial<Imported>): Promise<boolean>
  /**
   * Gives another name, and keeps the former one.
   * @returns false when another user has the name
   * @throws StorageConflict when another one took it at the same moment
   */
  rename(
    userId: string,
    formerKey: string,
    name: { readonly username: string; readonly usernameKey: string },
  ): Promise<boolean>
  setStatus(userId: string, status: Status): Promise<void>
  /** An imported hash is gone then, and what it cost. */
  setPassword(userId: string, password: { readonly passwordHash: string; readonly passwordId: string }): Promise<void>
  /** The same; sets the hash only where `expected` is still the stored one. */
  replacePasswordHash(userId: string, expected: string, passwordHash: string): Promise<boolean>
  /** False when the user had the role before. */
  grantRole(userId: string, roleName: string): Promise<boolean>
  /** False when the user did not have it. */
  revokeRole(userId: string, roleName: string): Promise<boolean>
}
