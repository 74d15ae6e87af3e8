/** Lists that are sent in pages: `limit` and `cursor` in the query, `next_cursor` in the answer for as long as there is more. */
import type { FastifyRequest } from 'fastify'
import { invalidRequest } from '../oauth/oauth-error.ts'
import type { Position } from '../records/position.ts'

const MOST = 1000
const USUAL = 100

export interface Page {
  readonly limit: number
  /** The key of the last one of the page before; undefined for the first. */
  readonly after: string | undefined
}

/** A parameter of the query; '' is none. @throws OAuthError invalid_request when it is there twice */
export function queryParameter({ query }: FastifyRequest, name: string): string | undefined {
  const value = (query as Readonly<Record<string, unknown>>)[name]
  if (Array.isArray(value)) throw invalidRequest(`The parameter ${name} is there twice.`)
  // PostgreSQL takes no NUL in a text.
  if (typeof value === 'string' && value.includes('\0')) throw invalidRequest(`The parameter ${name} is malformed.`)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** One of some words. @throws OAuthError invalid_request */
export function queryWord<Word extends string>(
  request: FastifyRequest,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const value = queryParameter(request, name)
  const word = words.find(candidate => candidate === value)
  if (value !== undefined && word === undefined)
    throw invalidRequest(`The parameter ${name} is one of ${words.join(', ')}.`)
  return word
}

const encode = (key: string): string => Buffer.from(key).toString('base64url')

export const unknownCursor = () => invalidRequest('The cursor is none that was given out here.')

function decode(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString()
  if (encode(key) !== cursor || key.includes('\0')) throw unknownCursor()
  return key
}

/** @throws OAuthError invalid_request */
export function pageOf(request: FastifyRequest): Page {
  const limit = queryParameter(request, 'limit') ?? String(USUAL)
  if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > MOST)
    throw invalidRequest(`The parameter limit is a whole number from 1 to ${MOST}.`)
  const cursor = queryParameter(request, 'cursor')
  return { limit: Number(limit), after: cursor === undefined ? undefined : decode(cursor) }
}

/**
 * The answer with a page, under the name of the list.
 * @param found one more than the page has, when there is more
 * @param keyOf what goes on behind it
 */
export function pageBody<Item>(
  name: string,
  { limit }: Page,
  found: readonly Item[],
  describe: (item: Item) => object,
  keyOf: (item: Item) => string,
) {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return pageBodyUpTo(name, items.map(describe), found.length > limit && last ? keyOf(last) : undefined)
}

/** The same where somebody knows what the next page goes on behind. @param key undefined on the last page */
export const pageBodyUpTo = (name: string, items: readonly object[], key: string | undefined) => ({
  [name]: items,
  ...(key !== undefined && { next_cursor: encode(key) }),
})

/** Of keys that are a time and an id: what was made at the same moment is told apart. */
export const positionKey = ({ atMs, id }: Position): string => `${atMs} ${id}`

/** @throws OAuthError invalid_request */
export function positionIn(key: string | undefined): Position | undefined {
  if (key === undefined) return undefined
  const [, atMs, id] = /^(0|[1-9]\d{0,15}) (.+)$/.exec(key) ?? []
  if (id === undefined || !Number.isSafeInteger(Number(atMs))) throw unknownCursor()
  return { atMs: Number(atMs), id }
}

/** For openapi.yaml. @param filters beside the page */
export const pageQuery = (filters: Readonly<Record<string, object>> = {}) => ({
  type: 'object',
  properties: {
    ...filters,
    limit: { type: 'integer', minimum: 1, maximum: MOST, default: USUAL, description: 'As many at most.' },
    cursor: { type: 'string', description: '`next_cursor` of the page before.' },
  },
})

export const pageSchema = <Item>(name: string, item: Item) => ({
  type: 'object',
  required: [name],
  properties: {
    [name]: { type: 'array', items: item },
    next_cursor: { type: 'string', description: 'Where the next page begins; absent on the last one.' },
  },
})
