/** People in large JSON: what belongs to the structure, and what to one record. */
import t from 'tap'
import { inPieces, namesIn, peopleIn, refusalOf } from '../support/import-files.ts'

const keycloak = { format: 'keycloak' } as const
const firebase = { format: 'firebase' } as const
const ann = '{"username":"ann","password_hash":null}'
const bob = '{"username":"bob","password_hash":null}'
const KIB_64 = 64 * 1024

t.test('a list of records, on one line or on many', async t => {
  const expected = [
    ['user 1', 'ann'],
    ['user 2', 'bob'],
  ]
  t.strictSame(await namesIn(`[${ann},${bob}]`), expected)
  t.strictSame(await namesIn(`\u{FEFF} [\n ${ann} ,\r\n\t${bob}\n]\n`), expected)
  t.strictSame(await namesIn(JSON.stringify([JSON.parse(ann), JSON.parse(bob)], null, 2)), expected)
  t.strictSame(await namesIn(`[{\n"username":"ann",\n"password_hash":null},${bob}]`), expected)
  t.strictSame(await namesIn('[]'), [])
})

t.test('objects one after the other, each on several lines, as jq writes them', async t => {
  const pretty = (text: string) => JSON.stringify(JSON.parse(text), null, 2)
  const expected = [
    ['user 1', 'ann'],
    ['user 2', 'bob'],
  ]
  t.strictSame(await namesIn(`${pretty(ann)}\n${pretty(bob)}\n`), expected)
  t.strictSame(await namesIn(`${pretty(ann)}\n${pretty(bob)}\n`, keycloak), expected)
  t.strictSame(await namesIn('{\n}\n{\n}'), [
    ['user 1', 'There is no username.'],
    ['user 2', 'There is no username.'],
  ])
})

t.test('an element that is broken, no object or too large refuses itself', async t => {
  const large = JSON.stringify({ username: 'x'.repeat(KIB_64) })
  const content = Buffer.concat([
    Buffer.from(`[{"username" "ann"},1,"two",[3],{"a":[}},${large},`),
    Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
    Buffer.from(
      `,${'['.repeat(1_000_000)}${']'.repeat(1_000_000)},{"a":${'['.repeat(9000)}${']'.repeat(9000)}},${bob}]`,
    ),
  ])
  t.strictSame(await namesIn(content), [
    ['user 1', 'It is not JSON.'],
    ['user 2', 'It is not a JSON object.'],
    ['user 3', 'It is not a JSON object.'],
    ['user 4', 'It is not a JSON object.'],
    ['user 5', 'It is not JSON.'],
    ['user 6', 'It is larger than 64 KiB.'],
    ['user 7', 'It is not UTF-8.'],
    ['user 8', 'It is larger than 64 KiB.'],
    ['user 9', 'The members are username, password_hash, roles, status, user_id, and a is not one of them.'],
    ['user 10', 'bob'],
  ])
})

t.test('a document: its users wherever they stand, and nothing that only looks like them', async t => {
  const users = `[${ann},${bob}]`
  const expected = [
    ['user 1', 'ann'],
    ['user 2', 'bob'],
  ]
  const documents = [
    `{"users":${users}}`,
    `{"realm":"r","users":${users},"roles":{"realm":[]}}`,
    `{"roles":{"users":[{"username":"eve"}]},"users":${users}}`,
    `{"a":"\\"users\\":[{","b":"\\\\","users":${users},"c":["users",{"users":[1]}]}`,
    `{"\\u0075sers":${users}}`,
    `{"large":"${'x'.repeat(3 * KIB_64)}","users":${users}}`,
    `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)},"users":${users}}`,
    `{"n":-1.5e3,"t":true,"z":null,"users":${users},"f":false}`,
    JSON.stringify({ realm: 'r', users: JSON.parse(users), clients: [{ users: 'none' }] }, null, 2),
    `{"users":[${ann}]}\n{"users":[${bob}]}`,
    `{"users":[]}${ann}{"users":[${bob}]}`,
  ]
  for (const document of documents) t.strictSame(await namesIn(document, keycloak), expected, document.slice(0, 60))
  t.strictSame(await namesIn('{"users":[]}', keycloak), [])
})

t.test('a document whose structure is broken is refused with its line', async t => {
  const broken: Record<string, RegExp> = {
    [`{"realm":"r",\n"users":[${ann}\n${bob}]}`]: /line 3: a comma or \] is missing/,
    [`{"realm":"r",\n"users":[${ann},\n`]: /line 3: the file ends before a value/,
    [`{"realm":"r",\n"users":[${ann},\n]}`]: /line 3: a value is missing/,
    [`{"realm":"r",\n"users":[${ann}`]: /line 2: a comma or \] is missing/,
    [`{"realm":"r",\n"users":[{"username":"ann`]: /line 2: the file ends within a value/,
    [`{"realm":"r",\n"users":[{"username":"ann\n"},${bob}]}`]: /line 2: a string is not closed/,
    [`{"realm":"r",\n"users":{}}`]: /line 2: the member users is not a list/,
    [`{"users":[${ann}],\n"users":[${bob}]}`]: /line 2: there is a second member users/,
    [`{"realm"\n"r","users":[]}`]: /line 2: a colon is missing/,
    [`{"realm":\n`]: /line 2: the file ends before a value/,
    [`{realm:"r"}`]: /line 1: the name of a member is missing/,
    [`{"users":[${ann}]}\n]`]: /line 2: neither an object nor a list begins/,
    [`{"users":[${ann}}]`]: /line 1: a comma or \] is missing/,
    [`[${ann}`]: /line 1: a comma or \] is missing/,
    [`[${ann}}`]: /line 1: a comma or \] is missing/,
    [`[`]: /line 1: the file ends before a value/,
  }
  for (const [document, says] of Object.entries(broken)) t.match(await refusalOf(document, keycloak), says, document)
})

t.test('all realms in one file, and a realm without its users', async t => {
  const realm = {
    id: 'r',
    realm: 'r',
    roles: { realm: [] },
    clients: ['x'.repeat(2 * KIB_64)],
    users: [JSON.parse(ann)],
  }
  const says = /^FileRefused: The file is a list of documents with users.*Export one alone/
  t.match(await refusalOf(JSON.stringify([{ realm: 'small', users: [] }]), keycloak), says)
  t.match(await refusalOf(JSON.stringify([realm, realm], null, 2), keycloak), says)
  const { users, ...without } = realm
  t.match(await refusalOf(JSON.stringify([{ users, ...without }]), keycloak), says)
  const large = [['user 1', 'It is larger than 64 KiB. A document with users has a member users.']]
  t.strictSame(await namesIn(JSON.stringify(without), keycloak), large)
  const partial = /^This is a realm without its users\..* kc\.sh export/
  t.match(await namesIn('{"realm":"r","roles":{}}', keycloak), [['line 1', partial]])
  t.match(await namesIn('{\n"realm":"r","roles":{}}', keycloak), [['user 1', partial]])
})

t.test("a document's hash_config is given, wherever it stands, once the document has been read", async t => {
  const config = { algorithm: 'SCRYPT', rounds: 8, mem_cost: 14 }
  const text = `"hash_config":${JSON.stringify(config)}`
  const user = '{"localId":"1","email":"ann@example.com","hash_config":{"not":"this"}}'
  for (const document of [`{${text},"users":[${user}]}`, `{"users":[${user}],\n${text}}`]) {
    const { reading } = await peopleIn(inPieces(document, 3), firebase)
    t.strictSame(reading.hashConfig(), config)
  }
  const { reading } = await peopleIn(inPieces(`{"users":[${user}]}`, 3), firebase)
  t.equal(reading.hashConfig(), undefined)
  t.match(await refusalOf(`{"users":[],${text}}{"users":[],${text}}`, firebase), /There are two members hash_config/)
  t.match(await refusalOf('{"users":[],"hash_config":"SCRYPT"}', firebase), /hash_config can't be read/)
  t.match(
    await refusalOf(`{"users":[],"hash_config":{"a":"${'x'.repeat(KIB_64)}"}}`, firebase),
    /hash_config can't be read/,
  )
})
