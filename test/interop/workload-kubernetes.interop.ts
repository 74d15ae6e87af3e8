/** Tokens of service accounts, made by Kubernetes' own code; KUBERNETES_TOKEN names the program of kubernetes-token/. */
import { execFileSync } from 'node:child_process'
import { type Test, test } from 'tap'
import { claimsOf, headerOf } from '../support/serve.ts'
import { type Conditions, differingByOne, withWorkers } from './workers.ts'

/** Of every cluster that kubeadm makes. */
const cluster = 'https://kubernetes.default.svc.cluster.local'
const uid = '0c1b3bbd-5c2b-4a8e-9f4e-d9f1a4f4a2b7'
const conditions: Conditions = { sub: 'system:serviceaccount:jobs:worker', '/kubernetes.io/serviceaccount/uid': uid }
const algorithms = ['RS256', 'ES256', 'ES384', 'ES512']

interface Made {
  readonly token: string
  readonly jwks: object
}

/** A token as the kubelet puts it into a pod, of a cluster with a key of its own. */
function make(audience: string, more: Readonly<Record<string, unknown>> = {}): Made {
  const request = {
    ...{ issuer: cluster, audiences: [audience], expirationSeconds: 3600, alg: 'RS256' },
    ...{ namespace: 'jobs', name: 'worker', uid },
    ...more,
  }
  const program = process.env['KUBERNETES_TOKEN'] ?? 'kubernetes-token'
  return JSON.parse(execFileSync(program, [JSON.stringify(request)], { encoding: 'utf8' }))
}

async function withClusters(t: Test) {
  const workers = await withWorkers(t)
  const { issuer: ours } = workers.service
  return {
    ...workers,
    ours,
    /** Trusts the cluster by its keys, which nobody can fetch, and makes one of its tokens. */
    async addCluster(name: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
      const { token, jwks } = make(ours, more)
      const words = ['--issuer', cluster, '--jwks', '-', '--max-lifetime', '1h']
      await workers.signet(['issuers', 'add', name, ...words], JSON.stringify(jwks))
      return token
    },
  }
}

test('the token looks as expected', async t => {
  const { token, jwks } = make('https://login.example.com')
  t.strictSame(Object.keys(headerOf(token)).sort(), ['alg', 'kid'], 'no typ')
  const { iat, exp, ...claims } = claimsOf(token)
  t.match(claims, { iss: cluster, aud: ['https://login.example.com'], nbf: iat, jti: String })
  t.equal(exp - iat, 3600)
  t.match(jwks, { keys: [{ kid: headerOf(token).kid, alg: 'RS256', use: 'sig' }] })
})

test('it gets an access token, of whichever algorithm the cluster has', async t => {
  const { addCluster, add, assertGiven } = await withClusters(t)
  for (const alg of algorithms) {
    const token = await addCluster(alg, { alg })
    t.equal(headerOf(token).alg, alg)
    await add(`worker-${alg}`, alg, conditions)
    await assertGiven(`worker-${alg}`, token)
    await assertGiven(`worker-${alg}`, token)
  }
})

test('it is refused when one condition differs by a character', async t => {
  const { addCluster, add, assertGiven, assertRefused } = await withClusters(t)
  const token = await addCluster('k8s')
  await add('worker', 'k8s', conditions)
  for (const [index, [name, others]] of differingByOne(conditions).entries()) {
    await add(`other-${index}`, 'k8s', others)
    const details = { did_not_match: [{ claim: name, condition: others[name], seen: conditions[name] }] }
    await assertRefused(`other-${index}`, token, { reason: 'conditions_not_met', details })
  }
  await assertGiven('worker', token)
})

test('so it is by another cluster of the same URL, for another service, and when it lives too long', async t => {
  const { addCluster, add, assertGiven, assertRefused, ours } = await withClusters(t)
  const tokens = { here: await addCluster('here'), there: await addCluster('there') }
  await add('here', 'here', conditions)
  await add('there', 'there', conditions)
  await assertRefused('here', tokens.there, { reason: 'unknown_key' })
  await assertRefused('there', tokens.here, { reason: 'unknown_key' })
  await assertGiven('here', tokens.here)
  await assertGiven('there', tokens.there)

  const others = [
    ['another', 'wrong_audience', { audiences: [`${ours}/`] }],
    ['two', 'wrong_audience', { audiences: [ours, cluster] }],
    ['long', 'assertion_lives_too_long', { expirationSeconds: 3601 }],
  ] as const
  for (const [name, reason, more] of others) {
    const token = await addCluster(name, more)
    await add(name, name, conditions)
    await assertRefused(name, token, { reason })
  }
})
