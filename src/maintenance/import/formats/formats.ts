/** Every format, by the name that an operator gives. */
import { auth0 } from './auth0.ts'
import { discourse } from './discourse.ts'
import { django } from './django.ts'
import { firebase } from './firebase.ts'
import type { Format } from './format.ts'
import { gitea } from './gitea.ts'
import { grafana } from './grafana.ts'
import { keycloak } from './keycloak.ts'
import { signet } from './signet.ts'

export const formats = {
  signet,
  django,
  keycloak,
  auth0,
  firebase,
  discourse,
  gitea,
  grafana,
} as const satisfies Readonly<Record<string, Format>>

export type FormatName = keyof typeof formats

export const formatNames = Object.keys(formats) as readonly FormatName[]
