/** `signet export`: what there is, as definitions. */
import type { Definitions } from '../records/definitions.ts'
import { ADMINISTRATOR } from '../records/role.ts'
import type { Present } from './definitions.ts'

/** Without what is built in, and without secrets. Only what is not active says so. */
export const definitionsIn = ({ roles, clients }: Present): Definitions => ({
  roles: roles.filter(({ name }) => name !== ADMINISTRATOR),
  clients: clients.map(({ status, ...client }) => ({
    ...client,
    status: status === 'disabled' ? 'disabled' : undefined,
  })),
})
