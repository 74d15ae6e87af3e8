import t, { type Test } from 'tap'
import { type Bench, type Cases, each, testBench } from '../support/hostile-tokens.ts'
import { startIssuer } from '../support/issuer.ts'
import { verifierFor } from '../support/resource-callers.ts'

/** A bench whose issuer has one list, in which 8 tokens have a place and the one at 5 is revoked. */
async function benchWithList(t: Test): Promise<Bench & { readonly uri: string }> {
  const bench = await testBench(t)
  const uri = bench.issuer.listUri('1')
  bench.issuer.publishList('1', bench.issuer.statusList('1', Buffer.from([0b0010_0000])))
  return { ...bench, uri }
}

/** Each is refused without a request to anybody. */
async function refusesUnasked(t: Test, { issuer, environment, refuses }: Bench, cases: Cases): Promise<void> {
  const asked = () => [issuer.requests.length, environment.sent()]
  const before = asked()
  await refuses('invalid_claim', cases)
  t.same(asked(), before, 'and nobody was asked')
}

t.test(
  'a status is a reference to a list of the issuer: a token with one that can’t be followed is refused',
  async t => {
    const bench = await benchWithList(t)
    const { issuer, uri } = bench
    const withStatus = (status: unknown) => issuer.token({ status })

    await bench.accepts({
      'without a status': withStatus(undefined),
      'with one': withStatus({ status_list: { idx: 0, uri } }),
      'with one that says more': withStatus({ status_list: { idx: 0, uri, more: 1 }, other: {} }),
    })
    await refusesUnasked(
      t,
      bench,
      each(
        [
          null,
          '',
          uri,
          0,
          1,
          true,
          false,
          [],
          {},
          [{ status_list: { idx: 0, uri } }],
          { idx: 0, uri },
          { status_list: null },
          { status_list: uri },
          { status_list: 0 },
          { status_list: [] },
          { status_list: {} },
          { status_list: [{ idx: 0, uri }] },
          { status_list: { uri } },
          { status_list: { idx: 0 } },
          { statuslist: { idx: 0, uri } },
          { status_list: { index: 0, uri } },
          { identifier_list: { id: '0', uri } },
        ],
        withStatus,
      ),
    )
  },
)

t.test('idx is a whole number from 0 on', async t => {
  const bench = await benchWithList(t)
  const { issuer, uri } = bench
  const withIndex = (idx: unknown) => issuer.token({ status: { status_list: { idx, uri } } })

  await bench.accepts(each([0, 1, 4, 6, 7], withIndex))
  await bench.refuses('revoked', { '5': withIndex(5) })
  await bench.refuses('invalid_claim', each([8, 9, 16, 2 ** 20, 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 1], withIndex))

  // In a list that nobody has asked for yet: what is in it cannot be the reason.
  const elsewhere = (idx: unknown) => issuer.token({ status: { status_list: { idx, uri: issuer.listUri('2') } } })
  await refusesUnasked(
    t,
    bench,
    each(
      [
        undefined,
        null,
        '',
        '0',
        '00',
        '0x0',
        true,
        false,
        [],
        [0],
        {},
        -1,
        -0.5,
        0.5,
        4.9,
        -(2 ** 31),
        2 ** 53,
        2 ** 64,
        1e300,
        -1e300,
      ],
      elsewhere,
    ),
  )
})

t.test('the uri of a status lies under the issuer, however it is written', async t => {
  const bench = await benchWithList(t)
  const { issuer, uri } = bench
  const { issuer: url, port } = issuer
  const origin = `http://127.0.0.1:${port}`
  const withUri = (value: unknown) => issuer.token({ status: { status_list: { idx: 0, uri: value } } })

  await bench.accepts({ 'the list': withUri(uri) })
  await refusesUnasked(
    t,
    bench,
    each(
      [
        undefined,
        null,
        '',
        0,
        true,
        [uri],
        { uri },
        '1',
        '/tenant/status-lists/1',
        'status-lists/1',
        '//127.0.0.1/tenant/status-lists/1',
        url,
        origin,
        `${origin}/`,
        `${origin}/status-lists/1`,
        `${origin}/other/status-lists/1`,
        `${origin}/tenants/status-lists/1`,
        `${origin}/tenant2/1`,
        `${url}.attacker.example/1`,
        `${url}@attacker.example/1`,
        `${url}..`,
        `${url}../1`,
        `${url}/..`,
        `${url}/../1`,
        `${url}/../tenant2/1`,
        `${url}/status-lists/../../other/1`,
        `${url}/./../other/1`,
        `${url}/.`,
        `${url}/./status-lists/1`,
        `${url}/%2e%2e/other/1`,
        `${url}/%2E%2E/other/1`,
        `${url}/.%2e/other/1`,
        `${url}/%2e./other/1`,
        `${url}/%2e/status-lists/1`,
        `${url}/..\\other`,
        `${url}\\..\\other`,
        `${url}\\status-lists\\1`,
        `${url}/status-lists\\1`,
        `${origin}\\tenant\\status-lists\\1`,
        `${url}/..\t/other/1`,
        `${url}/.\t./other/1`,
        `${url}/.\n./other/1`,
        `${url}/\n/status-lists/1`,
        `${url}?/status-lists/1`,
        `${url}?uri=${url}/`,
        `${url}#/status-lists/1`,
        `${uri}#`,
        `${uri}#fragment`,
        `${uri} `,
        `${uri}\n`,
        `${uri}\0`,
        ` ${uri}`,
        `${url}/status lists/1`,
        `${url}/status-lists/é`,
        `http://user@127.0.0.1:${port}/tenant/status-lists/1`,
        `http://user:secret@127.0.0.1:${port}/tenant/status-lists/1`,
        `http://:@127.0.0.1:${port}/tenant/status-lists/1`,
        `http://@127.0.0.1:${port}/tenant/status-lists/1`,
        `http://127.0.0.1:${port === 65_535 ? 1 : port + 1}/tenant/status-lists/1`,
        'http://127.0.0.1/tenant/status-lists/1',
        `http://127.0.0.1:0${port}/tenant/status-lists/1`,
        `http://127.0.0.1:${port}0/tenant/status-lists/1`,
        `https://127.0.0.1:${port}/tenant/status-lists/1`,
        uri.replace('http:', 'HTTP:'),
        uri.replace('http:', 'ftp:'),
        uri.replace('http:', 'file:'),
        uri.replace('http://', 'http:'),
        uri.replace('http://', 'http:/'),
        uri.replace('http://', 'http:///'),
        uri.replace('127.0.0.1', 'localhost'),
        uri.replace('127.0.0.1', 'LOCALHOST'),
        uri.replace('127.0.0.1', '127.1'),
        uri.replace('127.0.0.1', '0x7f000001'),
        uri.replace('127.0.0.1', '127.0.0.1.'),
        uri.replace('127.0.0.1', '[::ffff:127.0.0.1]'),
        uri.replace('127.0.0.1', '１27.0.0.1'),
        uri.replace('tenant', 'Tenant'),
        uri.replace('tenant', 'TENANT'),
        uri.replace('tenant', '%74enant'),
        uri.replace('/tenant', '//tenant'),
        'https://attacker.example/1',
        `https://attacker.example/${uri}`,
        `https://attacker.example/?${uri}`,
        `data:application/statuslist+jwt,${issuer.statusList('1', Buffer.alloc(1))}`,
        'javascript:0',
        'urn:uuid:00000000-0000-0000-0000-000000000000',
      ],
      withUri,
    ),
  )
})

t.test('an issuer that is known by a name has no lists under that name in capitals', async t => {
  const issuer = await startIssuer(t)
  const named = issuer.issuer.replace('127.0.0.1', 'localhost')
  issuer.publishMetadata({ issuer: named })
  const verifier = verifierFor(t, { issuer: named })
  await verifier.ready()
  const withUri = (uri: string) => issuer.token({ iss: named, status: { status_list: { idx: 0, uri } } })

  await verifier.verify(withUri(`${named}/1`))
  const requestsBefore = issuer.requests.length
  for (const name of ['LOCALHOST', 'Localhost', 'localhost.'])
    await t.rejects(
      verifier.verify(withUri(`${named.replace('localhost', name)}/1`)),
      { code: 'invalid_claim' },
      `${name} is not its name`,
    )
  t.equal(issuer.requests.length, requestsBefore)
})
