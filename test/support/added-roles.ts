import { ADMINISTRATOR } from '../../src/records/role.ts'

/** All but the one that every database begins with. */
export const addedRoles = <Named extends { readonly name: string }>(roles: readonly Named[]): readonly Named[] =>
  roles.filter(({ name }) => name !== ADMINISTRATOR)
