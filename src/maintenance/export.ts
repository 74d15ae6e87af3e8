/** `signet export`: what there is, as definitions. */
import type { ClientTrust } from '../records/client-trust.ts'
import type { DefinedTrust, Definitions } from '../records/definitions.ts'
import { ADMINISTRATOR } from '../records/role.ts'
import type { Present } from './definitions.ts'

/** Not one that goes with its issuer. */
const trustOf = ({ issuerName, conditions }: ClientTrust): DefinedTrust[] =>
  issuerName === null ? [] : [{ issuerName, conditions }]

/** Without what is built in, and without secrets. Only what is not active says so. */
export const definitionsIn = ({ roles, issuers, clients }: Present): Definitions => ({
  roles: roles.filter(({ name }) => name !== ADMINISTRATOR),
  issuers,
  clients: clients.map(({ status, keys, trusts, ...client }) => ({
    ...client,
    keys: keys.map(({ source }) => source),
    trusts: trusts.flatMap(trustOf),
    status: status === 'disabled' ? 'disabled' : undefined,
  })),
})
