/** Programs and libraries that verify access tokens. */
import { inFolder, type Needs, type Program, version } from './program.ts'

const faketime: Program = {
  name: 'the library of faketime',
  variable: 'LIBFAKETIME',
  command: '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  runner: 'cat',
  probe: [],
  install: 'apt-get install faketime',
}
const goResource: Program = {
  name: 'the resource service that is built with go-oidc, golang-jwt and jwx',
  variable: 'GO_RESOURCE',
  command: 'go-resource',
  probe: version,
  install: 'go build -C test/interop/go-resource -o PATH, with Go 1.26 or later',
}
const nodeVerifiers: Program = {
  name: 'jose, and beside it Express, Fastify and what guards them by tokens',
  variable: 'NODE_VERIFIERS',
  command: 'node_modules/jose/dist/webapi/index.js',
  runner: process.execPath,
  probe: [],
  install: `${inFolder}: jose@6.2.18 express@5.3.0 express-jwt@8.5.1 jwks-rsa@4.1.0 fastify@5.12.8 @fastify/jwt@10.2.8 passport@0.7.0 passport-jwt@4.0.1 express-oauth2-jwt-bearer@1.10.0, whose jose/dist/webapi/index.js it is`,
}
const pythonVerifiers: Program = {
  name: 'Python with PyJWT, Authlib and Flask',
  variable: 'PYTHON_VERIFIERS',
  command: 'python3',
  probe: ['-c', 'import authlib.oauth2.rfc9068, cryptography, flask, jwt, requests'],
  install:
    'python3 -m venv FOLDER && FOLDER/bin/pip install PyJWT==2.15.1 cryptography Authlib==1.9.10 Flask==3.1.3 requests==2.34.2',
}
const smallRyeResource: Program = {
  name: 'the program that is built with SmallRye JWT',
  variable: 'SMALLRYE_RESOURCE',
  command: 'smallrye-resource',
  probe: version,
  install: '.ci/install-interop FOLDER, with a JDK 17 or later and Maven',
}
const springResource: Program = {
  name: 'the resource service that is built with Spring Boot',
  variable: 'SPRING_RESOURCE',
  command: 'spring-resource',
  probe: version,
  install: '.ci/install-interop FOLDER, with a JDK 17 or later and Maven',
}
const goVerifiers: Program = {
  name: "the program that is built with Kubernetes' authenticator, Vault's JWT method and the OpenTelemetry collector",
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
  ['verifiers-go-resource', goResource],
  ['verifiers-node', nodeVerifiers, faketime],
  ['verifiers-python', pythonVerifiers, faketime],
  ['verifiers-smallrye', smallRyeResource],
  ['verifiers-spring', springResource],
]
