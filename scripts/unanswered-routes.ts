/** The routes of the public port without a service behind them, for whoever only looks at what they are. */
import { systemClock } from '../src/clock.ts'
import type { PublicRoutesOptions } from '../src/http/public-app.ts'
import { metadataOf } from '../src/oauth/metadata.ts'

const never = async (): Promise<never> => {
  throw new Error('Nothing is answered here.')
}

export const unansweredRoutes: PublicRoutesOptions = {
  metadata: metadataOf('http://127.0.0.1:3000', []),
  publishedKeys: () => ({ body: '' }),
  jwksMaxAge: () => 300,
  tokenEndpoint: never,
  revocationEndpoint: never,
  introspectionEndpoint: never,
  ticketEndpoint: never,
  findLiveAccessToken: never,
  statusLists: { find: never, aggregate: never },
  users: never as never,
  apiKeys: { createOwn: never, createForMachine: never, listOwn: never, page: never, find: never, revoke: never },
  roles: never as never,
  clientRegistry: never as never,
  passwordTickets: never as never,
  listKeys: never,
  issuers: never as never,
  issuerInspection: never as never,
  auditPage: never,
  standings: never as never,
  clock: systemClock,
  sessionManagement: { list: never, page: never, countAlive: never, end: never },
  sessionEndings: { filterOf: never, endOne: never, endAll: never },
  isServing: () => false,
  origins: { isKnown: never, mayUse: never },
}
