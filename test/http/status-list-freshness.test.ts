import { test } from 'tap'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { testClock } from '../support/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { isError } from '../support/error-shape.ts'
import { createHold } from '../support/hold.ts'
import { aroundReads } from '../support/reads.ts'
import { byTest, claimsOf, environmentOf, refresh, type Service, serve } from '../support/serve.ts'
import {
  type Device,
  device,
  fetchList,
  isRevoked,
  revoke,
  type Status,
  until,
  withAlice,
} from '../support/status-list.ts'

const HOUR_MS = 3_600_000

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

test('a list that nothing happened to is the same bytes again, and outlives the database', async t => {
  let broken = false
  const read = aroundReads((_store, call) => (broken ? Promise.reject(new StorageUnavailable('away')) : call()))
  const clock = testClock()
  const service = await withAlice(t, { clock, faults: { read } })
  const { status, refreshToken } = await device(service)
  const before = await fetchList(status.uri)
  await refresh(service, refreshToken)
  await device(service)
  clock.advance(HOUR_MS)

  broken = true
  isError(t, await service.get('/oauth/status-lists/unknown'), [503, 'temporarily_unavailable'])
  const after = await fetchList(status.uri)
  t.equal(after.text, before.text, 'neither a refresh nor a sign-in is news')
  t.equal(after.headers.get('etag'), before.headers.get('etag'))
  const etag = (await fetchList(status.uri)).headers.get('etag') ?? ''
  t.equal((await service.get(pathOf(status), { headers: { 'if-none-match': etag } })).status, 304)
})

test('a document is made anew after a minute, so that one from a clock that is behind keeps no news from verifiers for longer', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const { uri } = (await device(service)).status
  const first = await fetchList(uri)
  clock.advance(60_000 - 1)
  t.equal((await fetchList(uri)).text, first.text)
  clock.advance(1)
  // Nobody waits for it: who asks first gets the one of before.
  await until(async () => (await fetchList(uri)).text !== first.text)
  const second = await fetchList(uri)
  const [before, after] = [claimsOf(first.text), claimsOf(second.text)]
  t.equal(after.iat, before.iat + 60)
  t.equal(after.exp, before.exp + 60)
  t.equal(after.status_list.lst, before.status_list.lst)
  t.not(second.headers.get('etag'), first.headers.get('etag'))
})

test('a document from a clock that was ahead, by however little, is not served any more when the clock is put right', async t => {
  for (const aheadMs of [1000, 60_000, HOUR_MS, 12 * HOUR_MS, 30 * HOUR_MS]) {
    const clock = testClock()
    const service = await withAlice(t, { clock })
    const { uri } = (await device(service)).status
    await fetchList(uri)
    clock.advance(-aheadMs)
    t.equal(claimsOf((await fetchList(uri)).text).iat, Math.floor(clock.now() / 1000), `${aheadMs} ms`)
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
  await until(async () => !(await isRevoked(status)))
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
  const devices = await Promise.all(Array.from({ length: 48 }, () => device(service)))
  const [{ status } = { status: { idx: 0, uri: '' } }] = devices
  await fetchList(status.uri)
  documents = 0
  const from = performance.now()
  const shown: Promise<boolean>[] = []
  for (const { refreshToken, status } of devices) {
    await revoke(service, refreshToken)
    shown.push(isRevoked(status))
  }
  t.ok((await Promise.all(shown)).every(Boolean))
  const seconds = (performance.now() - from) / 1000
  t.ok(documents >= 1 && documents <= 2 + seconds * 5, `${documents} documents in ${seconds} s`)
})

test('when the database does not tell what is revoked there is no document, until it does again', async t => {
  const broken = new Set<string>()
  const read = aroundReads((store, call) =>
    broken.has(store) ? Promise.reject(new StorageUnavailable('away')) : call(),
  )
  const service = await withAlice(t, { faults: { read } })
  for (const store of ['revocations', 'statusLists']) {
    const { refreshToken, status } = await device(service)
    t.notOk(await isRevoked(status))
    broken.add(store)
    t.equal((await revoke(service, refreshToken)).status, 200)
    for (let time = 0; time < 2; time += 1) {
      const answer = await service.get(pathOf(status))
      isError(t, answer, [503, 'temporarily_unavailable'])
      t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
    }
    broken.clear()
    t.ok(await isRevoked(status), 'and then it shows what happened meanwhile')
  }
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
    answers.push(isRevoked(status))
    await service.get('/.well-known/jwks.json')
  }
  asking.open()
  t.ok((await Promise.all(answers)).every(Boolean))
})

test('a list that was opened while a slow database was asked is found at once', async t => {
  const answering = createHold()
  const read = aroundReads(async (store, call) => {
    const answer = await call()
    return store === 'statusLists' ? answering.pass(async () => answer) : answer
  })
  const service = await withAlice(t, { faults: { read } })
  answering.close()
  await answering.waiting(1)
  const { status } = await device(service)
  const answer = service.get(pathOf(status))
  await service.get('/.well-known/jwks.json')
  answering.open()
  t.equal((await answer).status, 200)
})

test('what another process revokes is seen without a restart', async t => {
  const service = await withAlice(t)
  const { run } = await commandLine(t, await environmentOf(service.folder))
  const acts: readonly (readonly [words: (sid: string) => string[], again?: () => Promise<unknown>])[] = [
    [sid => ['sessions', 'revoke', sid]],
    [() => ['sessions', 'revoke', '--user', 'alice']],
    [() => ['users', 'disable', 'alice']],
  ]
  for (const [words] of acts) {
    const { sid, status } = await device(service)
    t.notOk(await isRevoked(status))
    const ran = await run(words(sid))
    const from = performance.now()
    t.equal(ran.code, 0, ran.stderr)
    // 300 ms are promised; a machine that is busy with other tests may need more.
    await until(() => isRevoked(status), 2000)
    t.comment(`${words('ID').join(' ')}: ${Math.round(performance.now() - from)} ms`)
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
  await until(() => isRevoked(through(second)), 2000)
  clock.advance(HOUR_MS)
  await (await second.container.janitor()).sweep()
  for (const service of [first, second]) await until(async () => !(await isRevoked(through(service))), 2000)
})
