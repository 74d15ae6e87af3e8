/** Posts, kept in memory: what this service would have in its database. */
import { randomUUID } from 'node:crypto'

export interface Post {
  readonly id: string
  readonly title: string
  /** The `sub` of the token that it came with. */
  readonly author: string
  readonly created_at: string
}

/** An example must not fill the memory of whoever leaves it running. */
const MOST_POSTS = 100

export const newPostSchema = {
  type: 'object',
  required: ['title'],
  properties: { title: { type: 'string', minLength: 1, maxLength: 200 } },
} as const

export function createPosts() {
  const posts: Post[] = []
  return {
    /** The newest first. */
    list: (): readonly Post[] => posts.toReversed(),
    add(title: string, author: string): Post {
      const post = { id: randomUUID(), title, author, created_at: new Date().toISOString() }
      posts.push(post)
      if (posts.length > MOST_POSTS) posts.shift()
      return post
    },
    stats: () => ({ posts: posts.length, authors: new Set(posts.map(({ author }) => author)).size }),
  }
}
