/** How a client writes its id and secret into HTTP Basic (RFC 6749 §2.3.1). */
import t from 'tap'
import { addClient, visible } from '../support/clients.ts'
import { byTest, secret, serve } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'

const service = await serve(t)

/** A grant type that nobody has: whoever is told so has proved who it is. */
const form = { grant_type: 'none-such' }
const proved = { status: 400, body: { error: 'unsupported_grant_type' } }
const refused = { status: 401, body: { error: 'invalid_client' } }

const withBasic = (pair: string | Buffer) =>
  service.token(form, { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } })

/** As golang's url.QueryEscape and Java's URLEncoder write it, with + for a space. */
const formEncoded = (value: string) => new URLSearchParams({ value }).toString().slice('value='.length)
/** As JavaScript's encodeURIComponent and Python's quote write it, with %20. */
const percentEncoded = (value: string) => encodeURIComponent(value)
/** What nobody needs to encode may be encoded, too. */
const everyCharacter = (value: string) => Buffer.from(value).toString('hex').replace(/../g, '%$&')

const secrets = {
  'a stray %': `sec%ret+x${secret}`,
  'a % at the end': `${secret}%`,
  'what looks encoded': `${secret}%41%2B`,
  'a + and a space': `${secret} + +`,
  'what is no UTF-8 when it is decoded': `${secret}%ff`,
  'a NUL when it is decoded': `${secret}%00`,
  'a colon': `:${secret}:`,
  'every other character': '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ 0',
}

for (const [title, value] of Object.entries(secrets))
  t.test(`a secret with ${title} proves its client as it stands, and form-urlencoded`, async t => {
    const clientId = `client-${Object.keys(secrets).indexOf(title)}`
    await addClient(service, { clientId, secret: value })
    t.match(await withBasic(`${clientId}:${value}`), proved, 'as it stands')
    for (const encode of [formEncoded, percentEncoded, everyCharacter])
      t.match(await withBasic(`${encode(clientId)}:${encode(value)}`), proved, encode.name)
    t.match(await service.token({ ...form, client_id: clientId, client_secret: value }), proved, 'in the body')
    const wrong = [`${value}x`, value.slice(0, -1), formEncoded(formEncoded(value)), `${value}%`]
    for (const other of wrong) t.match(await withBasic(`${clientId}:${other}`), refused, other)
  })

t.test('in the body nothing is tried twice: what stands there is decoded once, and a stray % is an error', async t => {
  await addClient(service, { clientId: 'posts', secret: `${secret}%41` })
  const inBody = (text: string) => service.token(`grant_type=none-such&client_id=posts&client_secret=${text}`)
  t.match(await inBody(`${secret}%2541`), proved)
  t.match(await inBody(`${secret}%41`), refused)
  t.match(await inBody(`${secret}%`), { status: 400, body: { error: 'invalid_request' } })
})

t.test('the second of two secrets works in both forms as well', async t => {
  const second = `%+ ${secret}`
  await addClient(service, { clientId: 'two' })
  await service.clients.addSecret('two', { name: undefined, secret: second, ttlSeconds: undefined }, byTest)
  for (const value of [secret, second, formEncoded(second)]) t.match(await withBasic(`two:${value}`), proved, value)
})

t.test('a client whose id has characters that new ones may not have goes on, form-urlencoded', async t => {
  const ids = ['a:b', '100%', 'two words', 'c++', '%41', ' ']
  for (const [index, id] of ids.entries()) {
    await addClient(service, { clientId: `older-${index}` })
    change(service.databaseFile, 'update clients set client_id = ? where client_id = ?', id, `older-${index}`)
    t.match(await withBasic(`${formEncoded(id)}:${secret}`), proved, `basic: ${id}`)
    t.match(await withBasic(`${percentEncoded(id)}:${secret}`), proved, `basic with %20: ${id}`)
    t.match(await service.token({ ...form, client_id: id, client_secret: secret }), proved, `post: ${id}`)
  }
  t.match(await withBasic(`100%:${secret}`), proved, 'an id that was not encoded, and has a stray %')
})

t.test('an id is decoded where that works, and taken as it stands where not', async t => {
  await addClient(service, { clientId: '=&?#"\\/~' })
  t.match(await withBasic(`=&?#"\\/~:${secret}`), proved)
  t.match(await withBasic(`${formEncoded('=&?#"\\/~')}:${secret}`), proved)
  const answer = await withBasic(`nobody:${secret}`)
  for (const id of ['%', 'web%ff', 'web%00', 'web\0', '', `${formEncoded('=&?#"\\/~')}%`])
    t.same(visible(await withBasic(`${id}:${secret}`)), visible(answer), `no client: ${encodeURIComponent(id)}`)
  t.same(visible(await withBasic(Buffer.from([0xff, 0x3a, 0xff]))), visible(answer), 'no UTF-8')
})
