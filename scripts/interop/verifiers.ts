/** Programs and libraries that verify access tokens. */
import { type Needs, type Program, version } from './program.ts'

const goVerifiers: Program = {
  name: "the program that is built with Kubernetes' authenticator, go-oidc, Vault's JWT method and the OpenTelemetry collector",
  variable: 'GO_VERIFIERS',
  command: 'go-verifiers',
  probe: version,
  install: 'go build -C test/interop/go-verifiers -o PATH, with Go 1.26 or later',
}
const oauth2Proxy: Program = {
  name: 'oauth2-proxy',
  variable: 'OAUTH2_PROXY',
  command: 'oauth2-proxy',
  probe: version,
  install: 'go install github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6, with Go 1.26 or later',
}
const opa: Program = {
  name: 'Open Policy Agent',
  variable: 'OPA',
  command: 'opa',
  probe: ['version'],
  install: 'go install github.com/open-policy-agent/opa@v1.22.4, with Go 1.26 or later',
}

export const needsOfVerifiers: Needs = [
  ['go-verifiers-oauth2-proxy', oauth2Proxy],
  ['go-verifiers-opa', opa],
  ['go-verifiers', goVerifiers],
]
