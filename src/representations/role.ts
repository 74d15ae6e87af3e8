/** A role as the command line and /admin show it. */
import type { Role } from '../records/role.ts'

export const describeRole = ({ name, permissions }: Role) => ({ name, permissions })

export const roleSchema = {
  type: 'object',
  required: ['name', 'permissions'],
  properties: {
    name: { type: 'string', description: '1 to 64 printable ASCII characters without space.', examples: ['editor'] },
    permissions: {
      type: 'array',
      items: { type: 'string' },
      minItems: 1,
      description: 'What whoever has the role may do: at least one.',
      examples: [['posts:read', 'posts:write']],
    },
  },
} as const
