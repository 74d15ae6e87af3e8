/** Roles that change while a key of somebody who has them is exchanged. */
import t from 'tap'
import { makers, raceWith } from '../support/racing-machines.ts'
import { byTest } from '../support/serve.ts'

raceWith(t, makers['a key of a user'], {
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
})
