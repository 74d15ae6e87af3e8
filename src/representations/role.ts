/** A role as the command line shows it. */
import type { Role } from '../records/role.ts'

export const describeRole = ({ name, permissions }: Role) => ({ name, permissions })
