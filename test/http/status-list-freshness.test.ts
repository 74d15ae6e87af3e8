import { test } from 'tap'
import { testClock } from '../support/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { isError } from '../support/error-shape.ts'
import { createHold, type Hold } from '../support/hold.ts'
import { open } from '../support/raw-http.ts'
import { aroundReads } from '../support/reads.ts'
import { byTest, environmentOf, refresh, type Service, serve } from '../support/serve.ts'
import {
  bytesOf,
  type Device,
  device,
  fetchList,
  isRevoked,
  isSet,
  revoke,
  type Status,
  withAlice,
} from '../support/status-list.ts'

const HOUR_MS = 3_600_000
const LONGER_THAN_THE_DATABASE_IS_WAITED_FOR_MS = 1100

/** The database answers which lists there are as it was when it was asked, and later. */
const lateAnswers = (answering: Hold) =>
  aroundReads(async (store, call) => {
    const answer = await call()
    return store === 'statusLists' ? answering.pass(async () => answer) : answer
  })

/** Nobody waits longer for the database, as a timer counts it. */
const LONGEST_WAIT_MS = 990

/**
 * Whether the list shows a revocation. Who has waited so long that what is at hand was served, with an `Age`, was promised nothing
 * (status-list-outage.test.ts).
 */
async function isShown({ idx, uri }: Status): Promise<boolean> {
  const askedAt = performance.now()
  const { headers, text } = await fetchList(uri)
  const isLate = headers.get('age') !== null && performance.now() - askedAt > LONGEST_WAIT_MS
  return isLate || isSet(bytesOf(text), idx)
}

const pathOf = ({ uri }: Status): string => new URL(uri).pathname

test('after the answer to a revocation, whichever it is, the next GET shows it', async t => {
  const service = await withAlice(t)
  const acts: Readonly<Record<string, (of: Device) => Promise<unknown>>> = {
    'a refresh token': ({ refreshToken }) => revoke(service, refreshToken),
    'an access token': ({ access }) => revoke(service, access),
    'a session': async ({ sid }) =>
      (await service.container.sessionManagement()).end({ sessionId: sid }, 'test', byTest),
    'a refresh token that was used twice': async ({ refreshToken }) => {
      const next = (await refresh(service, refreshToken)).body.refresh_token
      await refresh(service, next)
      await refresh(service, refreshToken)
    },
    'a user': () => service.users.setStatus('alice', 'disabled', byTest),
  }
  for (const [title, act] of Object.entries(acts)) {
    const one = await device(service)
    t.notOk(await isRevoked(one.status), title)
    await act(one)
    t.ok(await isRevoked(one.status), title)
  }
})

test('the bit is cleared when the last token has died, in the document too', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const { status, refreshToken } = await device(service)
  await revoke(service, refreshToken)
  t.ok(await isRevoked(status))
  clock.advance(HOUR_MS)
  t.ok(await isRevoked(status), 'until the janitor comes')
  t.equal((await (await service.container.janitor()).sweep()).revocations, 1)
  t.notOk(await isRevoked(status))
})

test('however many revocations arrive, a few documents a second are made, and each shows what was answered before', async t => {
  let documents = 0
  const service = await withAlice(t, {
    faults: {
      signer: real => ({
        kid: real.kid,
        sign: input => {
          const [header = ''] = String(input).split('.')
          if (Buffer.from(header, 'base64url').includes('statuslist+jwt')) documents += 1
          return real.sign(input)
        },
      }),
    },
  })
  const devices: Awaited<ReturnType<typeof device>>[] = []
  while (devices.length < 48) devices.push(...(await Promise.all(Array.from({ length: 8 }, () => device(service)))))
  const [{ status } = { status: { idx: 0, uri: '' } }] = devices
  await fetchList(status.uri)
  documents = 0
  const from = performance.now()
  const shown: Promise<boolean>[] = []
  for (const { refreshToken, status } of devices) {
    await revoke(service, refreshToken)
    shown.push(isShown(status))
  }
  t.ok((await Promise.all(shown)).every(Boolean))
  const seconds = (performance.now() - from) / 1000
  t.ok(documents >= 1 && documents <= 2 + seconds * 5, `${documents} documents in ${seconds} s`)
})

test('while a slow database is asked for the new document, nobody gets the old one', async t => {
  const asking = createHold()
  const read = aroundReads((store, call) => (store === 'statusLists' ? asking.pass(call) : call()))
  const service = await withAlice(t, { faults: { read } })
  const { refreshToken, status } = await device(service)
  t.notOk(await isRevoked(status))
  asking.close()
  await revoke(service, refreshToken)
  const from = performance.now()
  const answers: Promise<boolean>[] = []
  // For longer than two documents are apart: the new one is begun meanwhile, and waits.
  while (performance.now() - from < 300) {
    answers.push(isShown(status))
    await service.get('/.well-known/jwks.json')
  }
  asking.open()
  t.ok((await Promise.all(answers)).every(Boolean))
})

test('a service that itself stood still shows the new document, however long that was', async t => {
  let stands = false
  const read = aroundReads((store, call) => {
    if (store !== 'statusLists' || !stands) return call()
    stands = false
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONGER_THAN_THE_DATABASE_IS_WAITED_FOR_MS)
    return call()
  })
  const service = await withAlice(t, { faults: { read } })
  const { refreshToken, status } = await device(service)
  t.notOk(await isRevoked(status))
  await revoke(service, refreshToken)
  stands = true
  t.ok(await isRevoked(status))
  t.notOk(stands)
})

// The look could have read the lists before the revocation.
test('a look that had begun before the question does not answer it', async t => {
  const answering = createHold()
  const service = await withAlice(t, { faults: { read: lateAnswers(answering) } })
  const { refreshToken, status } = await device(service)
  t.notOk(await isRevoked(status))
  answering.close()
  const before = isRevoked(status)
  await answering.waiting(1)
  await revoke(service, refreshToken)
  const after = isRevoked(status)
  await service.get('/.well-known/jwks.json')
  answering.open()
  t.equal(await after, true)
  await before
})

test('a list that was opened while a slow database was asked is found at once', async t => {
  const answering = createHold()
  const service = await withAlice(t, { faults: { read: lateAnswers(answering) } })
  answering.close()
  const askedAt = performance.now()
  const before = service.get('/oauth/status-lists')
  await answering.waiting(1)
  const { status } = await device(service)
  const answer = service.get(pathOf(status))
  await service.get('/.well-known/jwks.json')
  answering.open()
  const isLate = performance.now() - askedAt > LONGEST_WAIT_MS
  t.equal((await answer).status, 200)
  const { status: code, body } = await before
  if (!isLate || code !== 503) t.same(body, { status_lists: [] })
})

test('lists that do not exist cost one look together, not one each', async t => {
  let looks = 0
  const asking = createHold()
  const read = aroundReads((store, call) => {
    if (store === 'statusLists') looks += 1
    return store === 'statusLists' ? asking.pass(call) : call()
  })
  const service = await serve(t, { faults: { read } })
  // All in one go: the first one is not to wait for long.
  const others = await open(service.issuer)
  t.teardown(others.drop)
  asking.close()
  const first = service.get('/oauth/status-lists/unknown')
  await asking.waiting(1)
  const get = (number: number) => `GET /oauth/status-lists/unknown-${number} HTTP/1.1\r\nHost: signet.test\r\n\r\n`
  others.send(Array.from({ length: 50 }, (_, number) => get(number)).join(''))
  await service.get('/.well-known/jwks.json')
  asking.open()
  isError(t, await first, [404, 'not_found'])
  const statuses = () => others.received().match(/HTTP\/1\.1 \d+/g) ?? []
  while (statuses().length < 50) await others.more()
  t.same(new Set(statuses()), new Set(['HTTP/1.1 404']))
  t.ok(looks < 10, `${looks} looks for 51 questions`)
})

test('what another process revokes is shown to whoever asks next', async t => {
  const service = await withAlice(t)
  const { run } = await commandLine(t, await environmentOf(service.folder))
  const acts: readonly ((sid: string) => string[])[] = [
    sid => ['sessions', 'revoke', sid],
    () => ['sessions', 'revoke', '--user', 'alice'],
    () => ['users', 'disable', 'alice'],
  ]
  for (const words of acts) {
    const { sid, status } = await device(service)
    t.notOk(await isRevoked(status))
    const ran = await run(words(sid))
    t.equal(ran.code, 0, ran.stderr)
    t.ok(await isRevoked(status), words('ID').join(' '))
  }
})

test('what another process opens, revokes and clears is seen through any instance', async t => {
  const clock = testClock()
  const first = await withAlice(t, { clock })
  const second = await serve(t, { clock, folder: first.folder })
  const { refreshToken, status } = await device(first)
  const through = (service: Service) => ({ ...status, uri: service.issuer + pathOf(status) })
  t.notOk(await isRevoked(through(second)), 'a list that it has not asked for before')
  await revoke(first, refreshToken)
  t.ok(await isRevoked(through(second)))
  clock.advance(HOUR_MS)
  await (await second.container.janitor()).sweep()
  for (const service of [first, second]) t.notOk(await isRevoked(through(service)))
})
