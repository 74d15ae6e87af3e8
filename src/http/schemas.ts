/** JSON schemas that several routes share; openapi.yaml is made from them. */

export const errorSchema = {
  type: 'object',
  required: ['error', 'error_description'],
  properties: {
    error: { type: 'string', description: 'A code, from the RFC of the endpoint where it has one.' },
    error_description: { type: 'string', description: 'Helps the developer who reads it. Not meant for programs.' },
  },
} as const

export const errorResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: errorSchema } },
})
