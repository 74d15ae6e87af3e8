/** How those who administer a service over HTTP act on its users. */
import type { Administered, Asker } from './administered.ts'
import { fastHasher } from './fast-hasher.ts'
import { createHold, during } from './hold.ts'
import { password } from './serve.ts'

export const pathOf = (userId: string): string => `/admin/users/${userId}`

export function usersOverHttp({ ask, admin }: Pick<Administered, 'ask' | 'admin'>) {
  const patch = (userId: string, body: object, headers = {}, by: Asker = admin) =>
    ask(by, 'PATCH', pathOf(userId), {
      body,
      headers: { 'content-type': 'application/merge-patch+json', ...headers },
    })
  const show = async (userId: string) => (await ask(admin, 'GET', pathOf(userId))).body
  const etagOf = async (userId: string) => {
    const { headers } = await ask(admin, 'GET', pathOf(userId))
    return { 'if-match': headers.get('etag') ?? '' }
  }
  const add = (body: object, by: Asker = admin) => ask(by, 'POST', '/admin/users', { body })
  let made = 0
  return {
    add,
    patch,
    show,
    /** As If-Match. */
    etagOf,
    /** For whoever has seen the user as it is now. */
    setRoles: async (userId: string, roles: readonly string[], by: Asker = admin) =>
      patch(userId, { roles }, await etagOf(userId), by),
    /** Does one of the acts that are no change of what the user is. */
    act: (userId: string, what: string, body?: object, { by = admin, headers = {} } = {}) =>
      ask(by, 'POST', `${pathOf(userId)}/${what}`, { headers, ...(body && { body }) }),
    /** The id of a new user. */
    async someone(roles: readonly string[] = []): Promise<string> {
      made += 1
      const { text, body } = await add({ username: `user-${made}`, password, roles })
      if (body.user_id === undefined) throw new Error(`Nobody was added: ${text}`)
      return body.user_id
    },
  }
}

/** A hasher that counts how often a new password was hashed, and can be held back there. */
export function heldHasher() {
  const hold = createHold()
  let count = 0
  let toHold = 0
  const hasher = () => ({
    ...fastHasher,
    hash: (typed: string) => {
      count += 1
      if (toHold === 0) return fastHasher.hash(typed)
      toHold -= 1
      return hold.pass(() => fastHasher.hash(typed))
    },
  })
  return {
    faults: { hasher },
    count: () => count,
    /** Holds the next hash back while `act` is done, and answers what the request got. */
    during<T>(request: () => Promise<T>, act: () => Promise<unknown>): Promise<T> {
      toHold = 1
      return during(hold, request, act)
    },
    /** Begins all of them, and lets them go on when so many hash at once. */
    async together<T>(requests: readonly (() => Promise<T>)[], atOnce: number): Promise<T[]> {
      toHold = atOnce
      hold.close()
      const answers = requests.map(request => request())
      await hold.waiting(atOnce)
      hold.open()
      return Promise.all(answers)
    },
  }
}
