/** The program on docs/integrations/ejabberd.md asks Signet for ejabberd. DEBIAN_12 names the Debian whose Python runs it. */
import { type Test, test } from 'tap'
import { addClient } from '../support/clients.ts'
import { byTest, password, type Service, serve } from '../support/serve.ts'
import { inDebian } from './debian.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { wrongTokens } from './wrong-tokens.ts'

const secret = 'a-secret-of-a-chat-server-0123456789'

async function withUsers(t: Test): Promise<Service> {
  const service = await serve(t)
  await service.roles.add({ name: 'chat', permissions: ['chat:use'] }, byTest)
  await service.users.add({ username: 'alice', password, roles: ['chat'] }, byTest)
  await service.users.add({ username: 'bob', password, roles: [] }, byTest)
  await addClient(service, {
    ...{ clientId: 'ejabberd', secret, grants: ['password'] },
    ...{ scope: ['chat:use'], audiences: ['https://xmpp.example.com'] },
  })
  return service
}

/** @returns a function that asks as ejabberd does, one question after the other, and gives the answers */
function theProgram(t: Test, { issuer }: Service) {
  const { write, run } = inDebian(t, 12)
  const program = placed(fileOnPage('ejabberd', '/usr/local/lib/ejabberd/signet-auth'), {
    [ISSUER]: issuer,
    '/etc/ejabberd/signet-secret': write('secret', `${secret}\n`),
  })
  const path = write('signet-auth', program, 0o755)
  return async (...questions: readonly string[]): Promise<readonly boolean[]> => {
    const asked = questions.map(question => {
      const bytes = Buffer.from(question)
      return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
    })
    const { output } = await run(path, [], Buffer.concat(asked))
    return [...output.matchAll(/\0\x02\0([\0\x01])/g)].map(([, answer]) => answer === '\x01')
  }
}

const signIn = (name: string, attempt: string): string => `auth:${name}:xmpp.example.com:${attempt}`

test('whom Signet gives the permission may sign in, and nobody else', async t => {
  const service = await withUsers(t)
  const ask = theProgram(t, service)
  const odd = '100% a&b=c+d:e "f" \\g Ünï€𝄞'
  await service.users.add({ username: 'Zoë', password: odd, roles: ['chat'] }, byTest)
  t.same(await ask(signIn('alice', password), signIn('zoë', odd)), [true, true])
  const refused = [signIn('alice', `${password}x`), signIn('bob', password), signIn('nobody', password)]
  t.same(await ask(...refused, 'isuser:alice:xmpp.example.com', 'nonsense'), [false, false, false, false, false])

  await (await service.container.keyLifecycle()).rotate(byTest)
  t.same(await ask(signIn('alice', password)), [true], 'after a rotation')
  await service.users.setStatus('alice', 'disabled', byTest)
  t.same(await ask(signIn('alice', password), signIn('zoë', odd)), [false, true], 'disabled, and another one')
  await service.stop()
  t.same(await ask(signIn('zoë', odd), signIn('zoë', odd)), [false, false], 'Signet is down')
})

test('no token is a password', async t => {
  const service = await withUsers(t)
  const ask = theProgram(t, service)
  const form = { grant_type: 'password', username: 'alice', password }
  const { access_token: good } = (await service.token(form, { client: ['ejabberd', secret] })).body
  const tokens = [good, ...Object.values(await wrongTokens(service, good))]
  t.same(
    await ask(...tokens.map(token => signIn('alice', token))),
    tokens.map(() => false),
  )
})
