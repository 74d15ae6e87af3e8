import t from 'tap'
import { type Bench, type Cases, claimsOf, each, headerOf, signBytes, testBench } from '../support/hostile-tokens.ts'

const YEAR_10000 = Date.UTC(10_000, 0) / 1000

/** A token with the text of a number that JSON.stringify would not write so. */
function withText({ issuer }: Bench, claim: string, text: string): string {
  const payload = JSON.stringify({ ...claimsOf(issuer), [claim]: '?' }).replace(`"${claim}":"?"`, `"${claim}":${text}`)
  return signBytes(issuer.key, JSON.stringify(headerOf(issuer.key)), payload)
}

t.test('exp, iat and nbf are numbers, finite and before the year 10000', async t => {
  const bench = await testBench(t)
  const { issuer, environment, accepts, refuses } = bench
  const now = environment.now() / 1000

  await accepts({
    'without nbf': issuer.token(),
    'with nbf': issuer.token({ nbf: now }),
    'with fractions of a second': issuer.token({ exp: now + 0.5, iat: now - 0.5, nbf: now - 0.25 }),
    'the last second of the year 9999': issuer.token({ exp: YEAR_10000 - 1 }),
    'a thousandth before the year 10000': issuer.token({ exp: YEAR_10000 - 0.001 }),
    'exp with an exponent': withText(bench, 'exp', `${now + 600}e0`),
    'an iat of 0': issuer.token({ iat: 0 }),
    'an iat before 1970': issuer.token({ iat: -1 }),
  })
  for (const claim of ['exp', 'iat', 'nbf']) {
    const withClaim = (value: unknown) => issuer.token({ [claim]: value })
    const cases: Cases = {
      ...each(
        [
          null,
          '',
          String(now),
          `${now}`.slice(0, 4),
          '9999999999',
          new Date(now * 1000).toISOString(),
          'never',
          'NaN',
          'Infinity',
          true,
          false,
          [],
          [now],
          {},
          { seconds: now },
          YEAR_10000,
          YEAR_10000 + 0.5,
          now * 1000,
          now * 1_000_000,
          now * 1_000_000_000,
          2 ** 53,
          Number.MAX_VALUE,
        ],
        withClaim,
      ),
      'more than a number can be': withText(bench, claim, '1e999'),
      'less than a number can be': withText(bench, claim, '-1e999'),
      'a number of four hundred digits': withText(bench, claim, '9'.repeat(400)),
    }
    for (const [title, token] of Object.entries(cases))
      await refuses('invalid_claim', { [`${claim}: ${title}`]: token })
  }
  await refuses('invalid_claim', {
    'no exp': issuer.token({ exp: undefined }),
    'no iat': issuer.token({ iat: undefined }),
  })
})

t.test('auth_time is such a number, too, if it is there', async t => {
  const { issuer, environment, accepts, refuses } = await testBench(t)
  const withTime = (auth_time: unknown) => issuer.token({ auth_time })

  await accepts(each([undefined, environment.now() / 1000, 0], withTime))
  await refuses('invalid_claim', each([null, '1', true, [], {}, environment.now(), YEAR_10000], withTime))
})

t.test('what has long expired is expired, whatever number says so', async t => {
  const { issuer, environment, refuses } = await testBench(t)
  const now = environment.now() / 1000

  await refuses(
    'expired',
    each([0, -1, 1, -1e300, now - 31, now - 600, now / 1000], exp => issuer.token({ exp })),
  )
})

/** The tolerances at whose borders a token is looked at: the default one, none, and another. */
const tolerances: readonly { readonly clockTolerance?: number }[] = [
  {},
  { clockTolerance: 0 },
  { clockTolerance: 5 },
  { clockTolerance: 299 },
]
/** For a time that moves on by many minutes. */
const seldomPolled = { pollInterval: 3600, maxStaleness: 3600 }

t.test('a token is refused from exp and the tolerance on, to the millisecond', async t => {
  for (const tolerance of tolerances) {
    const { issuer, environment, verdict } = await testBench(t, { ...tolerance, ...seldomPolled })
    const { clockTolerance = 30 } = tolerance
    const title = JSON.stringify(tolerance)
    const exp = environment.now() / 1000 + 600
    const token = issuer.token({ exp })
    const another = () => issuer.token({ exp, jti: `token_${environment.now()}` })

    t.equal(await verdict(token), 'accepted', title)
    await environment.advance((600 + clockTolerance) * 1000 - 1)
    t.equal(await verdict(token), 'accepted', `${title}: in the last millisecond, known`)
    t.equal(await verdict(another()), 'accepted', `${title}: in the last millisecond, new`)
    await environment.advance(1)
    t.equal(await verdict(token), 'expired', `${title}: then, known`)
    t.equal(await verdict(another()), 'expired', `${title}: then, new`)
    await environment.advance(1_000_000)
    t.equal(await verdict(token), 'expired', `${title}: and later`)
  }
})

t.test('a token is refused until nbf or iat less the tolerance, to the millisecond', async t => {
  for (const claim of ['nbf', 'iat'])
    for (const tolerance of tolerances) {
      const { issuer, environment, verdict } = await testBench(t, { ...tolerance, ...seldomPolled })
      const { clockTolerance = 30 } = tolerance
      const title = `${claim}, ${JSON.stringify(tolerance)}`
      const begin = environment.now() / 1000 + 600
      const claims = { exp: begin + 600, [claim]: begin }
      const token = issuer.token(claims)
      const another = () => issuer.token({ ...claims, jti: `token_${environment.now()}` })

      t.equal(await verdict(token), 'not_yet_valid', title)
      await environment.advance((600 - clockTolerance) * 1000 - 1)
      t.equal(await verdict(token), 'not_yet_valid', `${title}: in the last millisecond, known`)
      t.equal(await verdict(another()), 'not_yet_valid', `${title}: in the last millisecond, new`)
      await environment.advance(1)
      t.equal(await verdict(token), 'accepted', `${title}: then, known`)
      t.equal(await verdict(another()), 'accepted', `${title}: then, new`)
    }
})

t.test('an nbf that has come helps no token whose iat has not, and the other way round', async t => {
  const { issuer, environment, refuses } = await testBench(t)
  const now = environment.now() / 1000

  await refuses('not_yet_valid', {
    'iat is to come': issuer.token({ iat: now + 31, nbf: now - 600 }),
    'nbf is to come': issuer.token({ iat: now - 600, nbf: now + 31 }),
    'far beyond': issuer.token({ iat: YEAR_10000 - 2, exp: YEAR_10000 - 1 }),
  })
})
