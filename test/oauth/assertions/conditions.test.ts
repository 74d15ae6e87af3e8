/** Conditions on the claims of a workload's token: each equals its claim as a whole, or the token proves nothing. */
import t from 'tap'
import type { Condition } from '../../../src/records/client-trust.ts'
import { addIssuer, addTrust, addWorker, newKey, present, workloadClaims } from '../../support/assertions.ts'
import { sign, signBytes } from '../../support/hostile-assertions.ts'
import { encode, type Json } from '../../support/issuer.ts'
import { claimsOf, serve } from '../../support/serve.ts'

const service = await serve(t)
const key = newKey()
await addIssuer(service, key)
let made = 0

const tokenWith = (claims: Json) => sign(key, workloadClaims(service, Date.now(), claims))
/** Its JSON as it stands, which may say what no object of JavaScript does. */
const tokenOf = (json: string) => {
  const whole = JSON.stringify(workloadClaims(service, Date.now(), {}))
  return signBytes(key, encode({ alg: key.alg, kid: key.kid }), encode(`${whole.slice(0, -1)},${json.slice(1)}`))
}

/** A client of its own, which trusts the issuer for these. */
async function clientFor(...trusts: readonly (readonly Condition[])[]) {
  made += 1
  const clientId = `client-${made}`
  const { client } = await addWorker(service, clientId)
  for (const conditions of trusts) await addTrust(service, clientId, conditions)
  return { id: client.id, ask: (token: string) => present(service, token, { client_id: clientId }) }
}

const statusOf = async (name: string, value: string, token: string) =>
  (await (await clientFor([{ name, value }])).ask(token)).status

/** The name of a condition, its value, and claims. */
type Case = readonly [name: string, value: string, claims: Json | string]

const tokenIn = (claims: Json | string) => (typeof claims === 'string' ? tokenOf(claims) : tokenWith(claims))

const deep = {
  'kubernetes.io': { serviceaccount: { name: 'ci', uid: '12-34' }, pods: [{ name: 'one' }, { name: 'two' }] },
}
const aws = { 'https://sts.amazonaws.com/': { aws_account: '123456789012' } }

const held: readonly Case[] = [
  ['repository_id', '42', { repository_id: '42' }],
  ['repository_id', '42', { repository_id: 42 }],
  ['n', '-7', { n: -7 }],
  ['n', '0', { n: 0 }],
  ['n', '1', '{"n":1.0}'],
  ['n', '9007199254740991', { n: Number.MAX_SAFE_INTEGER }],
  ['protected', 'true', { protected: true }],
  ['protected', 'true', { protected: 'true' }],
  ['protected', 'false', { protected: false }],
  ['groups', 'b', { groups: ['a', 'b'] }],
  ['groups', '2', { groups: ['a', 2, null, {}, ['x']] }],
  ['groups', 'true', { groups: [true] }],
  ['ref', 'refs/tags/v1=2', { ref: 'refs/tags/v1=2' }],
  ['ref', ' a ', { ref: ' a ' }],
  ['ref', '{1-2}', { ref: '{1-2}' }],
  ['oidc.circleci.com/project-id', 'p', { 'oidc.circleci.com/project-id': 'p' }],
  ['kubernetes.io', 'x', { 'kubernetes.io': 'x' }],
  ['/kubernetes.io/serviceaccount/uid', '12-34', deep],
  ['/kubernetes.io/pods/1/name', 'two', deep],
  ['/https:~1~1sts.amazonaws.com~1/aws_account', '123456789012', aws],
  ['/sub', 'someone', { sub: 'someone' }],
  ['/a~0b/~01', 'x', { 'a~b': { '~1': 'x' } }],
  ['/a/', 'x', { a: { '': 'x' } }],
  ['a~2b', 'x', { 'a~2b': 'x' }],
  ['constructor', 'x', '{"constructor":"x"}'],
  ['__proto__', 'x', '{"__proto__":"x"}'],
  ['/__proto__/a', 'x', '{"__proto__":{"a":"x"}}'],
]

t.test('a condition that equals its claim holds', async t => {
  for (const [name, value, claims] of held)
    t.equal(await statusOf(name, value, tokenIn(claims)), 200, `${name}=${value} of ${JSON.stringify(claims)}`)
})

const missed: readonly Case[] = [
  ['ref', 'refs/heads/main', { ref: 'refs/heads/main-2' }],
  ['ref', 'refs/heads/main', { ref: 'refs/heads/mai' }],
  ['ref', 'refs/heads/main', { ref: 'xrefs/heads/main' }],
  ['ref', 'refs/heads/main', { ref: 'refs/heads/Main' }],
  ['ref', 'refs/heads/main', { ref: 'refs/heads/main ' }],
  ['ref', 'refs/heads/*', { ref: 'refs/heads/main' }],
  ['ref', '.*', { ref: 'x' }],
  ['ref', 'é', { ref: 'e\u0301' }],
  ['ref', 'undefined', {}],
  ['ref', 'null', {}],
  ['ref', 'null', { ref: null }],
  ['ref', '{}', { ref: {} }],
  ['ref', '[object Object]', { ref: {} }],
  ['ref', 'x', { ref: { x: 'x' } }],
  ['ref', 'x', { ref: [['x']] }],
  ['ref', '["x"]', { ref: ['x'] }],
  ['ref', 'x,y', { ref: ['x', 'y'] }],
  ['ref', 'null', { ref: [null] }],
  ['ref', 'x', { ref: [] }],
  ['ref', 'TRUE', { ref: true }],
  ['ref', '1', { ref: true }],
  ['ref', '01', { ref: 1 }],
  ['ref', '1.0', '{"ref":1.0}'],
  ['ref', '1.5', { ref: 1.5 }],
  ['ref', '0.5', { ref: 0.5 }],
  ['ref', '9007199254740992', '{"ref":9007199254740993}'],
  ['ref', '9007199254740993', '{"ref":9007199254740993}'],
  ['ref', 'null', '{"ref":1e999}'],
  ['/ref/length', '2', { ref: ['x', 'y'] }],
  ['/ref/length', '1', { ref: 'x' }],
  ['/ref/0', 'x', { ref: 'x' }],
  ['/ref/-', 'x', { ref: ['x'] }],
  ['/ref/-1', 'x', { ref: ['x'] }],
  ['/ref/00', 'x', { ref: ['x'] }],
  ['/ref/1', 'undefined', { ref: ['x'] }],
  ['kubernetes.io/serviceaccount/uid', '12-34', deep],
  ['kubernetes.io.serviceaccount.uid', '12-34', deep],
  ['/kubernetes/io/serviceaccount/uid', '12-34', deep],
  ['/kubernetes.io/serviceaccount/uid/0', '1', deep],
  ['/kubernetes.io/serviceaccount', 'ci', deep],
  ['/kubernetes.io/pods', 'one', deep],
  ['/https:~1~1sts.amazonaws.com/aws_account', '123456789012', aws],
  ['/oidc.circleci.com/project-id', 'p', { 'oidc.circleci.com/project-id': 'p' }],
  ['constructor', 'function Object() { [native code] }', {}],
  ['/constructor/name', 'Object', {}],
  ['__proto__', '{}', {}],
  ['/__proto__/constructor/name', 'Object', {}],
  ['toString', 'function toString() { [native code] }', {}],
  ['/ref/constructor/name', 'Array', { ref: ['x'] }],
]

t.test('any other one does not', async t => {
  for (const [name, value, claims] of missed)
    t.equal(await statusOf(name, value, tokenIn(claims)), 401, `${name}=${value} of ${JSON.stringify(claims)}`)
})

t.test('all conditions of a trust must hold, and of several trusts one', async t => {
  const [a, b, c] = ['a', 'b', 'c'].map(name => ({ name, value: 'x' })) as [Condition, Condition, Condition]
  const { id, ask } = await clientFor([a, b], [c])
  const statuses: Readonly<Record<string, number>> = {
    [tokenWith({ a: 'x', b: 'x' })]: 200,
    [tokenWith({ c: 'x' })]: 200,
    [tokenWith({ a: 'x' })]: 401,
    [tokenWith({ b: 'x' })]: 401,
    [tokenWith({ a: 'x', b: 'y', c: 'y' })]: 401,
    [tokenWith({})]: 401,
  }
  for (const [token, status] of Object.entries(statuses)) {
    const answer = await ask(token)
    t.equal(answer.status, status, JSON.stringify(claimsOf(token)))
    if (status === 200) t.equal(claimsOf(answer.body.access_token).sub, id)
  }
})

t.test('a client that trusts one issuer takes nothing of another with the same key', async t => {
  await addIssuer(service, key, { url: 'https://other.example.com' }, 'other')
  const conditions = [{ name: 'sub', value: 'x' }]
  await addWorker(service, 'trusting-other')
  await addTrust(service, 'trusting-other', conditions, 'other')
  const ask = async (more: Json) =>
    (await present(service, tokenWith({ sub: 'x', ...more }), { client_id: 'trusting-other' })).status
  t.equal(await ask({ iss: 'https://other.example.com' }), 200)
  for (const iss of [
    'https://other.example.com/',
    'https://OTHER.example.com',
    'https://issuer.example.com',
    undefined,
    ['https://other.example.com'],
  ])
    t.equal(await ask({ iss }), 401, String(iss))
})
