/** What is taken from a client that owns a key, the key, or the client through which it is exchanged, meanwhile. */
import t from 'tap'
import { keyRevocation } from '../support/asking-machines.ts'
import { makers, raceWith } from '../support/racing-machines.ts'
import { byTest } from '../support/serve.ts'

raceWith(t, makers['a key of a client'], {
  'the key is revoked': { act: ({ apiKeys }, { keyId }) => apiKeys.revoke(keyId, keyRevocation), leaves: 'nothing' },
  "all keys of its owner's are revoked": {
    act: ({ apiKeys }, { name }) => apiKeys.revokeAllOf({ clientId: name }, byTest),
    leaves: 'nothing',
  },
  'its owner is disabled': {
    act: ({ clients }, { name }) => clients.setStatus(name, 'disabled', byTest),
    leaves: 'nothing',
  },
  'its owner is deleted': {
    act: ({ clients }, { name }) => clients.setStatus(name, 'deleted', byTest),
    leaves: 'nothing',
  },
  'its owner is narrowed': {
    act: ({ clients }, { name }) => clients.update(name, { scope: ['posts:read'] }, byTest),
    leaves: 'posts:read',
  },
  'the client that exchanges it is disabled': {
    act: ({ clients }, { clientId }) => clients.setStatus(clientId, 'disabled', byTest),
    leaves: 'nothing',
  },
  'the client that exchanges it is narrowed': {
    act: ({ clients }, { clientId }) => clients.update(clientId, { scope: ['posts:read'] }, byTest),
    leaves: 'posts:read',
  },
})
