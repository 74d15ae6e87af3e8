/** /admin/issuers: the trusted issuers of workloads' tokens, to be looked at. They are changed at the command line alone. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { TrustedIssuers } from '../../../accounts/trusted-issuers.ts'
import type { IssuerInspection } from '../../../oauth/assertions/inspection.ts'
import {
  describeIssuer,
  describeIssuerWithKeys,
  issuerSchema,
  issuerWithKeysSchema,
} from '../../../representations/trusted-issuer.ts'
import type { Administration } from '../../administration.ts'
import { pageBody, pageOf, pageQuery, pageSchema } from '../../paging.ts'
import { sendResource } from '../../resource.ts'
import { json } from '../../schemas.ts'
import { adminConfig as config, errorsOf, notModified, ofAdministrator, pathOf } from './schemas.ts'

export interface IssuerRoutesOptions {
  readonly administration: Administration
  readonly issuers: Pick<TrustedIssuers, 'list' | 'find'>
  readonly issuerInspection: Pick<IssuerInspection, 'fetchedKeys'>
}

export function issuerRoutes(app: FastifyInstance, options: IssuerRoutesOptions): void {
  const { administration, issuers, issuerInspection } = options
  const { mayRead } = administration

  app.route({
    method: 'GET',
    url: '/admin/issuers',
    config,
    schema: {
      ...ofAdministrator('listIssuers', "The trusted issuers of workloads' tokens", 'signet:issuers:read'),
      querystring: pageQuery(),
      response: { 200: json('The issuers, by name', pageSchema('issuers', issuerSchema)), ...errorsOf.list },
    },
    handler: async (request: FastifyRequest) => {
      await mayRead(request, 'signet:issuers:read')
      const page = pageOf(request)
      const { after = '' } = page
      const all = (await issuers.list()).filter(({ name }) => name > after)
      return pageBody('issuers', page, all, describeIssuer, ({ name }) => name)
    },
  })

  app.route({
    method: 'GET',
    url: '/admin/issuers/:name',
    config,
    schema: {
      ...ofAdministrator('issuer', 'A trusted issuer, with its keys as they were fetched last', 'signet:issuers:read'),
      params: pathOf('name', 'What operators call it.'),
      response: { 200: json('The issuer', issuerWithKeysSchema), ...notModified, ...errorsOf.read },
    },
    handler: async (request: FastifyRequest, reply) => {
      await mayRead(request, 'signet:issuers:read')
      const issuer = await issuers.find((request.params as { name: string }).name)
      return sendResource(request, reply, describeIssuerWithKeys(issuer, await issuerInspection.fetchedKeys(issuer)))
    },
  })
}
