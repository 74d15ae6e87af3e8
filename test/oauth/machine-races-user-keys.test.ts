/** What is taken from a user, a key or a client while the key is exchanged. */
import { makers, raceWith } from '../support/racing-machines.ts'
import { byTest, password } from '../support/serve.ts'

raceWith(makers['a key of a user'], {
  'the key is revoked': { act: ({ apiKeys }, { keyId }) => apiKeys.revoke(keyId, byTest), leaves: 'nothing' },
  "all keys of its owner's are revoked": {
    act: ({ apiKeys }, { name }) => apiKeys.revokeAllOf({ username: name }, byTest),
    leaves: 'nothing',
  },
  'its owner is disabled': {
    act: ({ users }, { name }) => users.setStatus(name, 'disabled', byTest),
    leaves: 'nothing',
  },
  'its owner is deleted': { act: ({ users }, { name }) => users.setStatus(name, 'deleted', byTest), leaves: 'nothing' },
  'its owner gets another password': {
    act: ({ users }, { name }) => users.setPassword(name, password, byTest),
    leaves: 'nothing',
  },
  'its owner loses a role': {
    act: ({ roles }, { name }) => roles.revoke(`writer-${name}`, name, byTest),
    leaves: 'posts:read',
  },
  'a role of its owner gives less': {
    act: ({ roles }, { name }) => roles.update({ name: `writer-${name}`, permissions: ['posts:read'] }, byTest),
    leaves: 'posts:read',
  },
  'a role of its owner is deleted': {
    act: ({ roles }, { name }) => roles.delete(`writer-${name}`, byTest),
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
