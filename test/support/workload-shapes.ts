/** What the tokens of workloads look like, issuer by issuer: what is in them, how they are signed, and where the keys are. */
import type { Condition } from '../../src/records/client-trust.ts'
import type { IssuerSettings } from '../../src/records/trusted-issuer.ts'
import type { Json } from './issuer.ts'

export interface Shape {
  readonly settings: Partial<IssuerSettings>
  readonly alg: 'RS256' | 'ES256' | 'ES384'
  /** Of the token, beside `alg` and `kid`. */
  readonly header: Json
  /** Of the key as it is published, beside its numbers and `kid`. */
  readonly published: Json
  /** Where it is published; undefined: at a place that the discovery document names. */
  readonly keysAt?: string
  /** @param iat in seconds @param aud whom it is for */
  claims(iat: number, aud: string): Json
  readonly conditions: readonly Condition[]
}

const [uuid, otherUuid] = ['0d5e6a3c-7f1b-4c2e-9a57-1f2e3d4c5b6a', '9f8e7d6c-5b4a-4392-8170-a1b2c3d4e5f6']
const jwt = { typ: 'JWT' }
const hour = 3600

const conditionsOf = (claims: Readonly<Record<string, string>>): readonly Condition[] =>
  Object.entries(claims).map(([name, value]) => ({ name, value }))

const github = (sub: string, conditions: Readonly<Record<string, string>>): Shape => ({
  settings: { url: 'https://token.actions.githubusercontent.com' },
  ...{ alg: 'RS256', header: { ...jwt, x5t: 'ykNaY4qM_ta4k2TgZOCEYLkcYlA' } },
  published: { alg: 'RS256', use: 'sig', x5c: ['MIIC'], x5t: 'ykNaY4qM_ta4k2TgZOCEYLkcYlA' },
  claims: (iat, aud) => ({
    ...{ iss: 'https://token.actions.githubusercontent.com', aud, sub, jti: uuid },
    ...{ iat, nbf: iat - 600, exp: iat + 300 },
    ...{ repository: 'acme/site', repository_id: '4711', repository_owner: 'acme', repository_owner_id: '65' },
    ...{ ref: 'refs/heads/main', ref_type: 'branch', ref_protected: 'true', head_ref: '', base_ref: '' },
    ...{ sha: 'a'.repeat(40), run_id: '1', run_number: '10', run_attempt: '2', event_name: 'push', actor: 'octocat' },
    ...{ job_workflow_ref: 'acme/site/.github/workflows/deploy.yml@refs/heads/main', environment: 'production' },
  }),
  conditions: conditionsOf(conditions),
})

const gitlab = (audOf: (aud: string) => unknown): Shape => ({
  settings: { url: 'https://gitlab.example.com', maxLifetimeSeconds: 48 * hour },
  ...{ alg: 'RS256', header: jwt, published: { alg: 'RS256', use: 'sig' } },
  claims: (iat, aud) => ({
    ...{ iss: 'https://gitlab.example.com', aud: audOf(aud), jti: uuid, iat, nbf: iat - 5, exp: iat + 36 * hour },
    ...{ sub: 'project_path:acme/site:ref_type:branch:ref:main', namespace_id: '72', namespace_path: 'acme' },
    ...{ project_id: '20', project_path: 'acme/site', job_project_id: '20', user_id: '1', user_email: 'a@example.com' },
    ...{ pipeline_id: '574', job_id: '302', ref: 'main', ref_type: 'branch', ref_protected: 'true', environment: null },
    ...{ runner_id: 1, runner_environment: 'self-hosted', groups_direct: ['acme', 'acme/ops'] },
  }),
  conditions: conditionsOf({ project_id: '20', ref_protected: 'true', runner_id: '1', groups_direct: 'acme/ops' }),
})

const kubernetes: Shape = {
  settings: { url: 'https://kubernetes.default.svc.cluster.local' },
  ...{ alg: 'RS256', header: {}, published: { alg: 'RS256', use: 'sig' }, keysAt: 'file' },
  claims: (iat, aud) => ({
    ...{
      iss: 'https://kubernetes.default.svc.cluster.local',
      aud: [aud],
      jti: uuid,
      iat,
      nbf: iat,
      exp: iat + hour,
    },
    sub: 'system:serviceaccount:ci:deployer',
    'kubernetes.io': {
      ...{ namespace: 'ci', node: { name: 'node-1', uid: otherUuid }, pod: { name: 'deployer-0', uid: otherUuid } },
      ...{ serviceaccount: { name: 'deployer', uid: uuid }, warnafter: iat + hour },
    },
  }),
  conditions: conditionsOf({
    sub: 'system:serviceaccount:ci:deployer',
    '/kubernetes.io/serviceaccount/uid': uuid,
    '/kubernetes.io/namespace': 'ci',
  }),
}

const spire: Shape = {
  settings: {
    ...{ url: null, trustDomain: 'example.org' },
    keySource: { kind: 'bundle_uri', uri: 'https://spire.example.org/bundle' },
  },
  ...{ alg: 'ES256', header: jwt, published: { use: 'jwt-svid' }, keysAt: 'https://spire.example.org/bundle' },
  claims: (iat, aud) => ({ aud: [aud], iat, exp: iat + 300, sub: 'spiffe://example.org/ns/ci/sa/deployer' }),
  conditions: conditionsOf({ sub: 'spiffe://example.org/ns/ci/sa/deployer' }),
}

const google: Shape = {
  settings: { url: 'https://accounts.google.com' },
  ...{ alg: 'RS256', header: jwt, published: { alg: 'RS256', use: 'sig' } },
  claims: (iat, aud) => ({
    ...{ iss: 'https://accounts.google.com', aud, azp: '112233445566778899001', sub: '112233445566778899001' },
    ...{ email: 'deployer@acme.iam.gserviceaccount.com', email_verified: true, iat, exp: iat + hour },
  }),
  conditions: conditionsOf({ sub: '112233445566778899001', email_verified: 'true' }),
}

const aws: Shape = {
  settings: { url: `https://${uuid}.tokens.sts.global.api.aws` },
  ...{ alg: 'ES384', header: jwt, published: { alg: 'ES384', use: 'sig' } },
  claims: (iat, aud) => ({
    ...{ iss: `https://${uuid}.tokens.sts.global.api.aws`, aud, jti: otherUuid, iat, exp: iat + 300 },
    sub: 'arn:aws:iam::123456789012:role/deployer',
    'https://sts.amazonaws.com/': {
      ...{ aws_account: '123456789012', source_region: 'eu-central-1', org_id: 'o-abc1234567' },
      ...{ principal_id: 'arn:aws:iam::123456789012:role/deployer', request_tags: { job: 'nightly' } },
    },
  }),
  conditions: conditionsOf({
    sub: 'arn:aws:iam::123456789012:role/deployer',
    '/https:~1~1sts.amazonaws.com~1/aws_account': '123456789012',
  }),
}

const azure: Shape = {
  settings: { url: `https://sts.windows.net/${uuid}/`, audience: 'api://signet', maxLifetimeSeconds: 25 * hour },
  ...{ alg: 'RS256', header: { ...jwt, x5t: 'rtsFT-b-7LuY7DVYeSNKcIJ7Vnc' }, published: { use: 'sig', x5c: ['MIIC'] } },
  claims: (iat, aud) => ({
    ...{ iss: `https://sts.windows.net/${uuid}/`, aud, iat, nbf: iat, exp: iat + 24 * hour + 300, ver: '1.0' },
    ...{ aio: 'E2', appid: otherUuid, appidacr: '2', idp: `https://sts.windows.net/${uuid}/`, idtyp: 'app' },
    ...{ oid: otherUuid, sub: otherUuid, tid: uuid, uti: 'x', rh: '0.x', xms_mirid: '/subscriptions/1' },
  }),
  conditions: conditionsOf({ oid: otherUuid, tid: uuid }),
}

const buildkite: Shape = {
  settings: { url: 'https://agent.buildkite.com' },
  ...{ alg: 'RS256', header: {}, published: { alg: 'RS256', use: 'sig' } },
  claims: (iat, aud) => ({
    ...{ iss: 'https://agent.buildkite.com', aud, iat, nbf: iat, exp: iat + 300, organization_id: uuid },
    sub: `organization:acme:pipeline:site:ref:refs/heads/main:commit:${'a'.repeat(40)}:step:build`,
    ...{ organization_slug: 'acme', pipeline_slug: 'site', pipeline_id: otherUuid, build_number: 7 },
    ...{ build_branch: 'main', build_tag: null, build_commit: 'a'.repeat(40), step_key: 'build' },
  }),
  conditions: conditionsOf({ organization_id: uuid, pipeline_id: otherUuid, build_branch: 'main' }),
}

const circleci: Shape = {
  settings: { url: `https://oidc.circleci.com/org/${uuid}`, audience: uuid },
  ...{ alg: 'RS256', header: jwt, published: { alg: 'RS256', use: 'sig' } },
  claims: (iat, aud) => ({
    ...{ iss: `https://oidc.circleci.com/org/${uuid}`, aud, iat, exp: iat + hour },
    sub: `org/${uuid}/project/${otherUuid}/user/${uuid}/vcs-origin/github.com/acme/site/vcs-ref/refs/heads/main`,
    ...{ 'oidc.circleci.com/project-id': otherUuid, 'oidc.circleci.com/context-ids': [uuid, otherUuid] },
    'oidc.circleci.com/ssh-rerun': false,
  }),
  conditions: conditionsOf({
    'oidc.circleci.com/project-id': otherUuid,
    'oidc.circleci.com/context-ids': otherUuid,
    'oidc.circleci.com/ssh-rerun': 'false',
  }),
}

const terraform: Shape = {
  settings: { url: 'https://app.terraform.io', maxLifetimeSeconds: 24 * hour },
  ...{ alg: 'RS256', header: jwt, published: { alg: 'RS256', use: 'sig' } },
  claims: (iat, aud) => ({
    ...{ iss: 'https://app.terraform.io', aud, jti: uuid, iat, nbf: iat, exp: iat + 24 * hour },
    sub: 'organization:acme:project:Default Project:workspace:site:run_phase:apply',
    ...{ terraform_organization_id: 'org-GRNbCjYNpBB6NEH9', terraform_organization_name: 'acme' },
    ...{
      terraform_workspace_id: 'ws-mbsd5E3Ktt5Rg2Xm',
      terraform_workspace_name: 'site',
      terraform_run_phase: 'apply',
    },
  }),
  conditions: conditionsOf({ terraform_workspace_id: 'ws-mbsd5E3Ktt5Rg2Xm', terraform_run_phase: 'apply' }),
}

const vercel: Shape = {
  settings: { url: 'https://oidc.vercel.com/acme', audience: 'https://vercel.com/acme', maxLifetimeSeconds: 12 * hour },
  ...{ alg: 'RS256', header: jwt, published: { alg: 'RS256', use: 'sig' } },
  claims: (iat, aud) => ({
    ...{ iss: 'https://oidc.vercel.com/acme', aud, iat, nbf: iat, exp: iat + 12 * hour, scope: 'owner:acme' },
    ...{ sub: 'owner:acme:project:site:environment:production', owner: 'acme', owner_id: 'team_7Gw5', project: 'site' },
    ...{ project_id: 'prj_7Gw5ZMBz', environment: 'production', user_id: 'u' },
  }),
  conditions: conditionsOf({ project_id: 'prj_7Gw5ZMBz', environment: 'production' }),
}

const fly: Shape = {
  settings: { url: 'https://oidc.fly.io/acme' },
  ...{ alg: 'RS256', header: jwt, published: { alg: 'RS256', use: 'sig' } },
  claims: (iat, aud) => ({
    ...{
      iss: 'https://oidc.fly.io/acme',
      aud,
      jti: uuid,
      iat,
      nbf: iat,
      exp: iat + 600,
      sub: 'acme:site:weathered-sun-1',
    },
    ...{ app_id: '3671581', app_name: 'site', image: 'image:latest', machine_id: '3d8d377ce9e398', org_id: '29873298' },
  }),
  conditions: conditionsOf({ app_id: '3671581' }),
}

const bitbucket: Shape = {
  settings: {
    url: 'https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc',
    audience: `ari:cloud:bitbucket::workspace/${uuid}`,
  },
  ...{ alg: 'RS256', header: jwt, published: { alg: 'RS256', use: 'sig' } },
  claims: (iat, aud) => ({
    iss: 'https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc',
    ...{ aud, iat, exp: iat + hour, sub: `{${otherUuid}}:{${uuid}}`, branchName: 'main' },
    ...{
      workspaceUuid: `{${uuid}}`,
      repositoryUuid: `{${otherUuid}}`,
      pipelineUuid: `{${uuid}}`,
      stepUuid: `{${uuid}}`,
    },
  }),
  conditions: conditionsOf({ repositoryUuid: `{${otherUuid}}`, branchName: 'main' }),
}

export const workloadShapes: Readonly<Record<string, Shape>> = {
  'GitHub Actions': github('repo:acme@65/site@4711:ref:refs/heads/main', {
    ...{ sub: 'repo:acme@65/site@4711:ref:refs/heads/main', repository_id: '4711', environment: 'production' },
  }),
  'GitHub Actions, of an older repository': github('repo:acme/site:ref:refs/heads/main', {
    ...{ repository_id: '4711', ref: 'refs/heads/main' },
  }),
  GitLab: gitlab(aud => aud),
  'GitLab, for an array': gitlab(aud => [aud]),
  Kubernetes: kubernetes,
  'Kubernetes, with ES256': { ...kubernetes, alg: 'ES256', published: { alg: 'ES256', use: 'sig' } },
  SPIRE: spire,
  ...{ Google: google, AWS: aws, Azure: azure, Buildkite: buildkite, CircleCI: circleci, 'HCP Terraform': terraform },
  ...{ Vercel: vercel, 'Fly.io': fly, Bitbucket: bitbucket },
}
