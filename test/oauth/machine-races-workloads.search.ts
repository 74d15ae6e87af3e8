/** What is taken from a workload, its issuer or its client while it asks by a token of its own. */
import t from 'tap'
import { makers, raceWith } from '../support/racing-machines.ts'
import { byTest } from '../support/serve.ts'

raceWith(t, makers['a workload of a trusted issuer'], {
  'the trust is removed': {
    act: ({ clients }, { name, keyId }) => clients.removeTrust(name, keyId, byTest),
    leaves: 'nothing',
  },
  'the issuer is removed': { act: ({ issuers }, { name }) => issuers.remove(name, byTest), leaves: 'nothing' },
  'the tokens of the issuer are for others': {
    act: ({ issuers }, { name }) => issuers.update(name, { audience: 'others' }, byTest),
    leaves: 'nothing',
  },
  'the client is disabled': {
    act: ({ clients }, { name }) => clients.setStatus(name, 'disabled', byTest),
    leaves: 'nothing',
  },
  'its scope is narrowed': {
    act: ({ clients }, { name }) => clients.update(name, { scope: ['posts:read'] }, byTest),
    leaves: 'posts:read',
  },
})
