/** What the plugin for Fastify is called on an instance and on its requests. Others decorate with the same names, as @fastify/jwt does. */
import type { FastifyInstance } from 'fastify'
import { assertKnownNames, withoutUndefined } from '../known-names.ts'

const OWN_NAMES = {
  verifier: 'verifier',
  authenticate: 'authenticate',
  requireToken: 'requireToken',
  requireRole: 'requireRole',
  requirePermission: 'requirePermission',
  /** Of requests: the claims. */
  user: 'user',
}

export type Decorators = Readonly<typeof OWN_NAMES>

/** Other names for some. TypeScript knows none of them: whoever gives one declares it. */
export type SignetDecorators = { readonly [Name in keyof Decorators]?: string | undefined }

/** @throws TypeError for what is no name, or is there already: nothing has been done then */
export function readDecorators(app: FastifyInstance, given: SignetDecorators): Decorators {
  if (typeof given !== 'object' || given === null) throw new TypeError('decorators must be an object with names.')
  assertKnownNames(given, Object.keys(OWN_NAMES), 'decorators')
  const names = { ...OWN_NAMES, ...withoutUndefined(given) } as Decorators
  const { user, ...ofInstance } = names
  for (const [own, name] of Object.entries(names))
    if (typeof name !== 'string' || name === '') throw new TypeError(`decorators.${own} must be a name.`)
  if (new Set(Object.values(ofInstance)).size < Object.keys(ofInstance).length)
    throw new TypeError('decorators must be names that differ.')
  if (app.hasRequestDecorator(user)) throw alreadyThere('A request', 'user', user)
  for (const [own, name] of Object.entries(ofInstance))
    if (app.hasDecorator(name)) throw alreadyThere('The instance', own, name)
  return names
}

/** With the code that Fastify has for it. */
const alreadyThere = (what: string, own: string, name: string): TypeError =>
  Object.assign(
    new TypeError(
      `${what} has a decorator '${name}' already. For another name there is the option decorators: { ${own}: '…' }.`,
    ),
    { code: 'FST_ERR_DEC_ALREADY_PRESENT' },
  )
