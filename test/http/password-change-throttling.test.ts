/** POST /me/password: whoever holds a stolen token could guess the password here, too. */
import t from 'tap'
import { attempt, countingHasher, untilThrottled, wrong } from '../support/guessing.ts'
import { scene } from '../support/scene.ts'
import { password } from '../support/serve.ts'

const proxied = { SIGNET_TRUST_PROXY: '127.0.0.1/32' }

t.test('the current password is guessed ten times, and counts together with sign-ins from there', async t => {
  const { hasher, compared } = countingHasher()
  const { service, device, as, refreshed } = await scene(t, { environment: proxied, faults: { hasher: () => hasher } })
  const here = await device()
  const change = (current: string, address: string) =>
    as(here, 'POST', '/me/password', {
      form: { current_password: current, new_password: 'another battery staple 10' },
      headers: { 'x-forwarded-for': address },
    })
  const before = compared()
  for (let number = 0; number < 5; number += 1) t.equal((await change(wrong(number), '192.0.2.1')).status, 400)
  t.equal((await untilThrottled(service, { address: '192.0.2.1' }, 5)).length, 6)
  t.equal(compared() - before, 10)

  const refused = await change(password, '192.0.2.1')
  t.equal(refused.status, 429)
  t.match(refused.body, { error: 'too_many_requests' })
  t.match(refused.headers.get('retry-after'), /^[1-9]\d*$/)
  t.equal(compared() - before, 10, 'the right one is not looked at')
  t.equal((await refreshed(here)).sid, here.sid)

  t.equal((await change(password, '198.51.100.1')).status, 204)
  const next = { password: 'another battery staple 10', address: '192.0.2.1' }
  t.equal((await attempt(service, next)).status, 429, 'a change elsewhere frees nobody here')
})
