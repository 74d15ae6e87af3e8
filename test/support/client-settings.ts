import type { ClientSettings } from '../../src/records/client.ts'

/** Of a client that may have nothing. */
export const noSettings: ClientSettings = {
  grants: [],
  scope: [],
  audiences: [],
  origins: [],
  introspect: [],
  accessTokenTtlSeconds: null,
  grantsPerMinute: null,
  mayGrant: [],
}
