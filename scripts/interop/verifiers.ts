/** Programs and libraries that verify access tokens. */
import { type Needs, type Program, version } from './program.ts'

const goVerifiers: Program = {
  name: "the program that is built with Kubernetes' authenticator, go-oidc, Vault's JWT method and the OpenTelemetry collector",
  variable: 'GO_VERIFIERS',
  command: 'go-verifiers',
  probe: version,
  install: 'go build -C test/interop/go-verifiers -o PATH, with Go 1.26 or later',
}

export const needsOfVerifiers: Needs = [['go-verifiers', goVerifiers]]
