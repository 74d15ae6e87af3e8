/** What is taken from a user or a key while the key is exchanged. What is taken from the client is as with a client's key. */
import t from 'tap'
import { keyRevocation } from '../support/asking-machines.ts'
import { makers, raceWith } from '../support/racing-machines.ts'
import { byTest, password } from '../support/serve.ts'

raceWith(t, makers['a key of a user'], {
  'the key is revoked': { act: ({ apiKeys }, { keyId }) => apiKeys.revoke(keyId, keyRevocation), leaves: 'nothing' },
  'its owner is disabled': {
    act: ({ users }, { name }) => users.setStatus(name, 'disabled', byTest),
    leaves: 'nothing',
  },
  'its owner is deleted': { act: ({ users }, { name }) => users.setStatus(name, 'deleted', byTest), leaves: 'nothing' },
  'its owner gets another password': {
    act: ({ users }, { name }) => users.setPassword(name, password, byTest),
    leaves: 'nothing',
  },
})
