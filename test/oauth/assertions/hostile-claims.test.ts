/** Assertions that are signed rightly and say what they should not, of both kinds. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { hostileBench, sign, signBytes } from '../../support/hostile-assertions.ts'
import { each } from '../../support/hostile-tokens.ts'
import { encode, type Json } from '../../support/issuer.ts'

const { clock, keys, kinds, refuses, accepts, service } = await hostileBench(t)
const ours = service.issuer
const now = () => clock.now() / 1000

for (const kind of kinds) {
  /** All that is refused has this `jti`, which is good at the end. */
  const jti = randomUUID()
  const bad = (more: Json) => sign(keys.ec, kind.claims({ jti, ...more }))
  const good = (more: Json) => sign(keys.ec, kind.claims(more))

  t.test(`${kind.name}: it is for us alone`, async t => {
    const others = [
      `${ours}/oauth/token`,
      `${ours}/`,
      ours.slice(0, -1),
      `${ours}x`,
      ours.toUpperCase(),
      '',
      '*',
      ` ${ours}`,
    ]
    const lists = [[], [ours, 'other'], ['other', ours], [ours, ours], [`${ours}/`], [[ours]], [ours, null]]
    const strange = [undefined, null, 1, true, {}, { 0: ours, length: 1 }, { [ours]: true }]
    await refuses(
      t,
      kind,
      'wrong_audience',
      each<unknown, string>([...others, ...lists, ...strange], aud => bad({ aud })),
    )
    await accepts(
      t,
      kind,
      each<unknown, string>([ours, [ours]], aud => good({ aud })),
    )
  })

  t.test(`${kind.name}: it says when it is good`, async t => {
    const noTimes = [undefined, null, '', 'soon', String(now()), true, [now()], {}]
    await refuses(t, kind, 'assertion_without_times', {
      ...each(noTimes, iat => bad({ iat, nbf: now() })),
      'no time but its end': bad({ iat: undefined }),
      ...each(noTimes, value => bad({ exp: typeof value === 'string' ? `${now() + 60}` : value })),
      ...each(noTimes.slice(1), nbf => bad({ nbf })),
      'beyond all numbers': signBytes(
        keys.ec,
        encode({ alg: 'ES256', kid: keys.ec.kid }),
        encode(JSON.stringify(kind.claims({ jti, exp: 7 })).replace('"exp":7', '"exp":1e999')),
      ),
    })
  })

  t.test(`${kind.name}: clocks may be a minute apart, and not more`, async t => {
    await refuses(t, kind, 'assertion_from_the_future', {
      'issued 61 s ahead': bad({ iat: now() + 61, exp: now() + 120 }),
      'issued 61 s ahead, and good before': bad({ iat: now() + 61, nbf: now(), exp: now() + 120 }),
      'issued a fraction more than a minute ahead': bad({ iat: now() + 60.001, exp: now() + 120 }),
      'good from 61 s ahead': bad({ nbf: now() + 61, exp: now() + 120 }),
    })
    await accepts(t, kind, {
      'issued 60 s ahead': good({ iat: now() + 60, exp: now() + 120 }),
      'good from 60 s ahead': good({ nbf: now() + 60, exp: now() + 120 }),
      'good before it was issued': good({ nbf: now() - 600 }),
    })
  })

  t.test(`${kind.name}: what is over is over`, async t => {
    const expired = [now() - 1, now(), now() + 0.999, now() - 3600, 0, -1]
    await refuses(
      t,
      kind,
      'assertion_expired',
      each(expired, exp => bad({ iat: now() - 30, exp })),
    )
    await accepts(t, kind, { 'with a second left': good({ iat: now() - 30, exp: now() + 1 }) })
  })

  t.test(`${kind.name}: it lives as long as it may, counted from when it was issued`, async t => {
    const { longest } = kind
    await refuses(t, kind, 'assertion_lives_too_long', {
      'a second longer': bad({ exp: now() + longest + 1 }),
      'a fraction longer': bad({ exp: now() + longest + 0.5 }),
      'most of it is over': bad({ iat: now() - 7200, exp: now() + 60 }),
      'for ever': bad({ exp: Number.MAX_SAFE_INTEGER }),
      'good from now on': bad({ iat: now() - longest, nbf: now(), exp: now() + 60 }),
    })
    await accepts(t, kind, {
      'just so long': good({ exp: now() + longest }),
      'good since long before it was issued': good({ nbf: now() - 2 * longest, exp: now() + longest }),
      fractions: good({ iat: now() - 0.25, nbf: now() - 1.5, exp: now() + 30.75 }),
    })
  })

  t.test(`${kind.name}: what was refused has used nothing up`, t => accepts(t, kind, { good: good({ jti }) }))
}
