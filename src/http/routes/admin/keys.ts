/** /admin/keys: the signing keys, to be looked at. They are changed at the command line alone. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ListKeys } from '../../../keys/key-list.ts'
import { describeSigningKey, signingKeySchema } from '../../../representations/signing-key.ts'
import type { Administration } from '../../administration.ts'
import { notFound } from '../../error-handler.ts'
import { pageBody, pageOf, pageQuery, pageSchema, unknownCursor } from '../../paging.ts'
import { sendResource } from '../../resource.ts'
import { json } from '../../schemas.ts'
import { adminConfig as config, errorsOf, notModified, ofAdministrator, pathOf } from './schemas.ts'

export interface KeyRoutesOptions {
  readonly administration: Administration
  readonly listKeys: ListKeys
}

export function keyRoutes(app: FastifyInstance, { administration, listKeys }: KeyRoutesOptions): void {
  const { mayRead } = administration

  async function described() {
    const { keys, activatesAtMs } = await listKeys()
    return keys.map(key => describeSigningKey(key, activatesAtMs))
  }

  app.route({
    method: 'GET',
    url: '/admin/keys',
    config,
    schema: {
      ...ofAdministrator('listKeys', 'The signing keys', 'signet:keys:read'),
      querystring: pageQuery(),
      response: { 200: json('The keys, the oldest first', pageSchema('keys', signingKeySchema)), ...errorsOf.list },
    },
    handler: async (request: FastifyRequest) => {
      await mayRead(request, 'signet:keys:read')
      const page = pageOf(request)
      const all = await described()
      const at = page.after === undefined ? 0 : all.findIndex(({ kid }) => kid === page.after) + 1
      // No key is ever forgotten.
      if (page.after !== undefined && at === 0) throw unknownCursor()
      const found = all.slice(at)
      return pageBody(
        'keys',
        page,
        found,
        key => key,
        ({ kid }) => kid,
      )
    },
  })

  app.route({
    method: 'GET',
    url: '/admin/keys/:kid',
    config,
    schema: {
      ...ofAdministrator('key', 'A signing key', 'signet:keys:read'),
      params: pathOf('kid', 'As the tokens name it that the key signed.'),
      response: { 200: json('The key', signingKeySchema), ...notModified, ...errorsOf.read },
    },
    handler: async (request: FastifyRequest, reply) => {
      await mayRead(request, 'signet:keys:read')
      const { kid } = request.params as { kid: string }
      const key = (await described()).find(each => each.kid === kid)
      if (key === undefined) throw notFound()
      return sendResource(request, reply, key)
    },
  })
}
