import t, { type Test } from 'tap'
import type { Signer } from '../../src/records/signing-key.ts'
import { isOnPostgres } from '../support/environment.ts'
import { createHold, during } from '../support/hold.ts'
import { badToken, ended, good, type Scene, scene, type Tokens, tokensOf, type Verdict } from '../support/scene.ts'
import type { Answer } from '../support/serve.ts'
import { auditedBy } from '../support/sqlite.ts'
import { statusIn } from '../support/status-list.ts'

/** Requests that are under way at once. */
const WIDTH = 50
/** Where there are several writers, more can meet. */
const ROUNDS = isOnPostgres() ? 8 : 4
/** A session gets a fresh index for a revoked access token once in it. */
const MINUTE_MS = 60_000

/** After how many answered refreshes each of a round's revocations begins: early, late, one or several. */
const momentsOf = (round: number): readonly number[] =>
  Array.from({ length: 1 + (round % 4) }, (_, number) => (round * 11 + number * 13) % (WIDTH / 2 - 5))

/** Every other signature can be held back, so that refreshes are under way in all their stages when a revocation comes. */
async function mixingService(t: Test) {
  const [signing, signatures] = [createHold(), createCount()]
  const signer = ({ kid, sign }: Signer): Signer => ({
    kid,
    sign: input => (signatures.add() % 2 === 0 ? sign(input) : signing.pass(() => sign(input))),
  })
  return { ...(await scene(t, { faults: { signer } })), signing }
}

const isOk = ({ status }: Answer): boolean => status === 200
const sameStatus = (one: string, two: string): boolean => statusIn(one).idx === statusIn(two).idx

/** A session whose refresh token was used once already: the mix has a current and a previous generation. */
async function session(its: Scene) {
  const first = await its.device()
  return [first, await its.refreshed(first)] as const
}

/** WIDTH requests at once: refreshes, and revocations that begin while these are answered. Answers what the refreshes got. */
async function mix(
  its: Awaited<ReturnType<typeof mixingService>>,
  round: number,
  { refreshToken }: Tokens,
  revoke: (number: number) => Promise<Answer>,
  /** After each revocation, while others are still under way. */
  then: () => Promise<unknown>,
): Promise<Answer[]> {
  const moments = momentsOf(round)
  const answered = createCount()
  its.signing.close()
  const revocations = moments.map(async (moment, number) => {
    await answered.reaches(moment)
    t.equal((await revoke(number)).status, 200)
    its.signing.open()
    await then()
  })
  const refreshes = Array.from({ length: WIDTH - moments.length }, async () => {
    const answer = await its.refresh(refreshToken)
    answered.add()
    return answer
  })
  await Promise.all(revocations)
  return Promise.all(refreshes)
}

function createCount() {
  let count = 0
  let waiting: { readonly number: number; readonly resolve: () => void }[] = []
  const look = () => {
    for (const { resolve } of waiting.filter(({ number }) => number <= count)) resolve()
    waiting = waiting.filter(({ number }) => number > count)
  }
  return {
    add() {
      count += 1
      look()
      return count
    },
    reaches: (number: number) =>
      new Promise<void>(resolve => {
        waiting.push({ number, resolve })
        look()
      }),
  }
}

/** Each of these access tokens has this verdict. */
const allAre = async (t: Test, its: Scene, tokens: readonly Tokens[], verdict: Verdict, title = '') =>
  t.same(await Promise.all(tokens.map(its.verdictOn)), new Array(tokens.length).fill(verdict), title)

t.test('when the session is revoked among many refreshes, nothing refreshes and no access token is left', async t => {
  const its = await mixingService(t)
  let [given, refused] = [0, 0]
  for (let round = 0; round < ROUNDS; round += 1) {
    const [first, second] = await session(its)
    const afterwards: Answer[] = []
    let answers: Answer[] = []
    const audited = await auditedBy(its.service, async () => {
      answers = await mix(
        its,
        round,
        second,
        number => its.revoke((number % 2 === 0 ? first : second).refreshToken),
        async () => afterwards.push(await its.refresh(second.refreshToken)),
      )
    })
    const issued = answers.filter(isOk).map(tokensOf)
    const refusals = answers.filter(answer => !isOk(answer))
    given += issued.length
    refused += refusals.length
    for (const { text } of [...refusals, ...afterwards]) t.equal(text, badToken)
    const successors = new Set([first, second, ...issued].map(({ refreshToken }) => refreshToken))
    t.ok(successors.size <= 3, 'one lineage')
    for (const token of successors) t.equal((await its.refresh(token)).text, badToken)
    await allAre(t, its, [first, second, ...issued], ended)
    const ends = audited.filter(event => event.startsWith('session.end'))
    t.same(ends, ['session.end success token_revoked'], 'it ended once, and not as a reuse')
  }
  t.ok(given > 0 && refused > 0, `the rounds were mixes: ${given} refreshes were answered and ${refused} refused`)
})

t.test('when an access token is revoked among many refreshes, its siblings end, and later ones do not', async t => {
  const its = await mixingService(t)
  let [before, after] = [0, 0]
  for (let round = 0; round < ROUNDS; round += 1) {
    const [first, second] = await session(its)
    const afterwards: Tokens[] = []
    const answers = await mix(
      its,
      round,
      second,
      number => its.revoke((number % 2 === 0 ? first : second).access),
      async () => afterwards.push(await its.refreshed(second)),
    )
    t.ok(answers.every(isOk), 'the session lives')
    const issued = answers.map(tokensOf)
    const [fresh] = afterwards
    if (fresh === undefined) throw new Error('Nobody revoked.')
    for (const { access } of afterwards) t.notOk(sameStatus(access, second.access), 'it began after the revocation')
    const all = [...issued, ...afterwards, first, second]
    const isSibling = ({ access }: Tokens) => sameStatus(access, second.access)
    const isFresh = ({ access }: Tokens) => sameStatus(access, fresh.access)
    t.ok(
      all.every(tokens => isSibling(tokens) || isFresh(tokens)),
      'there is one index before and one after',
    )
    await allAre(t, its, all.filter(isSibling), ended)
    await allAre(t, its, all.filter(isFresh), good)
    before += issued.filter(isSibling).length
    after += issued.filter(isFresh).length
    t.equal(new Set([...issued, ...afterwards].map(({ refreshToken }) => refreshToken)).size, 1, 'one lineage')
    t.same(await its.verdictOn(await its.refreshed(fresh)), good)
  }
  t.ok(before > 0 && after > 0, `the rounds were mixes: ${before} tokens came before and ${after} after`)
})

async function heldAtTheSigner(t: Test) {
  const signing = createHold()
  /** With `one`, whoever waits already is the only one. */
  const holding = { one: false }
  const signer = ({ kid, sign }: Signer): Signer => ({
    kid,
    sign: input => (holding.one ? sign(input) : signing.pass(() => sign(input))),
  })
  return { holding, signing, its: await scene(t, { faults: { signer } }) }
}

t.test('a refresh that is being signed while the access token is revoked delivers one that is not', async t => {
  const { signing, its } = await heldAtTheSigner(t)
  for (const name of ['current', 'repeated'] as const) {
    const [first, second] = await session(its)
    const presented = name === 'current' ? second : first
    const answer = await during(
      signing,
      () => its.refresh(presented.refreshToken),
      () => its.revoke(second.access),
    )
    t.equal(answer.status, 200, name)
    const delivered = tokensOf(answer)
    t.same(await its.verdictOn(delivered), good, name)
    await allAre(t, its, [first, second], ended, name)
    t.same(await its.verdictOn(await its.refreshed(delivered)), good, `${name}: and the session goes on`)
  }
})

t.test(
  'a refresh that is being signed while the index changes delivers a token with the one that the session has now',
  async t => {
    const { holding, signing, its } = await heldAtTheSigner(t)
    for (const name of ['current', 'repeated'] as const) {
      const [first, second] = await session(its)
      let meanwhile: Tokens | undefined
      const answer = await during(
        signing,
        () => its.refresh(second.refreshToken),
        async () => {
          await its.revoke(second.access)
          holding.one = true
          meanwhile = await its.refreshed(name === 'current' ? second : first)
          holding.one = false
        },
      )
      if (meanwhile === undefined) throw new Error('Nothing was refreshed meanwhile.')
      const delivered = [meanwhile, tokensOf(answer)]
      await allAre(t, its, delivered, good, name)
      t.ok(sameStatus(meanwhile.access, tokensOf(answer).access), name)
      its.clock.advance(MINUTE_MS)
      await its.revoke(meanwhile.access)
      await allAre(t, its, delivered, ended, name)
    }
  },
)

t.test('a refresh that is being signed while the session is revoked gets invalid_grant', async t => {
  const { signing, its } = await heldAtTheSigner(t)
  for (const name of ['current', 'repeated'] as const) {
    const [first, second] = await session(its)
    const presented = name === 'current' ? second : first
    const answer = await during(
      signing,
      () => its.refresh(presented.refreshToken),
      () => its.revoke(second.refreshToken),
    )
    t.same([answer.status, answer.text], [400, badToken], name)
    await allAre(t, its, [first, second], ended, name)
  }
})
