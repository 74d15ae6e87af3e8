/** What is taken from a client while it asks for itself. */
import t from 'tap'
import { makers, raceWith } from '../support/racing-machines.ts'
import { byTest } from '../support/serve.ts'

raceWith(t, makers['a client that asks for itself'], {
  'the client is disabled': {
    act: ({ clients }, { name }) => clients.setStatus(name, 'disabled', byTest),
    leaves: 'nothing',
  },
  'the client is deleted': {
    act: ({ clients }, { name }) => clients.setStatus(name, 'deleted', byTest),
    leaves: 'nothing',
  },
  'the secret that it uses is removed': {
    act: ({ clients }, { name, secretId }) => clients.removeSecret(name, secretId, byTest),
    leaves: 'nothing',
  },
  'its scope is narrowed': {
    act: ({ clients }, { name }) => clients.update(name, { scope: ['posts:read'] }, byTest),
    leaves: 'posts:read',
  },
})
