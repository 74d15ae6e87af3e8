/** OpenAPI schemas of what several nouns have. */

/** ISO 8601. */
export const dateTime = { type: 'string', format: 'date-time' } as const
