/**
 * FreeRADIUS lets people in by their names and passwords in Signet, with the configuration on docs/integrations/freeradius.md.
 * DEBIAN_12 and DEBIAN_13 name the Debians in which it runs.
 */
import { readFileSync } from 'node:fs'
import { type Test, test } from 'tap'
import { addClient } from '../support/clients.ts'
import { commandLine } from '../support/command-line.ts'
import { byTest, freePort, password, type Service, serve } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { type Debian, inDebian } from './debian.ts'
import { frontOf } from './front.ts'
import { commandsOnPage, fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { standIn } from './stand-in.ts'
import { wrongTokens } from './wrong-tokens.ts'

/** Where the page has its files. */
const etc = '/etc/freeradius/3.0'
const clientId = 'radius'
const secret = 'a-secret-of-a-radius-server-0123456789'
const noPermission = 'bob'

/** What RADIUS carries of a password. */
const LONGEST = 128

async function withUsers(t: Test): Promise<Service> {
  const service = await serve(t)
  const { roles, users } = service
  await roles.add({ name: 'network-user', permissions: ['network:access'] }, byTest)
  await roles.add({ name: 'network-admin', permissions: ['network:admin'] }, byTest)
  const user = (username: string, ...own: string[]) => users.add({ username, password, roles: own }, byTest)
  await user('alice', 'network-user')
  await user('carol', 'network-user', 'network-admin')
  await user(noPermission)
  await addClient(service, {
    ...{ clientId, secret, grants: ['password'], audiences: ['https://radius.example.com'] },
    scope: ['network:access', 'network:admin'],
    forwardsAddress: 'x-radius-calling-station',
  })
  return service
}

interface Settings {
  /** Where it finds Signet. */
  readonly url: string
  /** PEM, of whom it trusts. */
  readonly authority: string
  readonly clientSecret?: string
}

/** Debian's own configuration with the files of the page in it. @returns a function that tries a name and a password */
async function startFreeRadius(t: Test, release: 12 | 13, { url, authority, clientSecret = secret }: Settings) {
  const debian = inDebian(t, release)
  const { folder, run, start, write } = debian
  const [raddb, port] = [`${folder}/raddb`, await freePort()]
  const onPage = (name: string) => fileOnPage('freeradius', `${etc}/${name}`)
  const module = placed(onPage('mods-enabled/signet'), {
    [ISSUER]: url,
    'SECRET-OF-THE-CLIENT': clientSecret,
    '/etc/ssl/certs/ca-certificates.crt': `${raddb}/authority.pem`,
  })
  const [, removal = ''] = commandsOnPage('freeradius')
  const files = {
    dictionary: onPage('dictionary'),
    'mods-enabled/signet': module,
    'sites-enabled/signet': placed(onPage('sites-enabled/signet'), {
      'ipaddr = *': 'ipaddr = 127.0.0.1',
      'port = 1812': `port = ${port}`,
    }),
    'authority.pem': authority,
  }
  await prepared(debian, `cp -a ${etc} ${raddb} && ${placed(removal, { [etc]: raddb })}`)
  for (const [name, content] of Object.entries(files)) write(`raddb/${name}`, content)
  const moved = ['raddbdir', 'logdir', 'run_dir', 'db_dir']
    .map(name => `s#^${name} = .*#${name} = ${raddb}#`)
    .join('; ')
  // Rejections would wait a second each.
  const changed = `${moved}; s#reject_delay = 1#reject_delay = 0#`
  await prepared(debian, `sed -i '${changed}' ${raddb}/radiusd.conf && chown -R freerad:freerad ${folder}`)

  const server = start('freeradius', ['-f', '-l', 'stdout', '-d', raddb])
  let ended = false
  server.ended.finally(() => {
    ended = true
  })
  await until(async () => ended || server.output().includes('Ready to process requests'))
  if (ended) throw new Error(server.output())
  // Sends a second time: what sends once may give up at the next full second.
  const sends = async (attributes: string, seconds = 3) => {
    const words = ['-x', '-t', `${seconds}`, '-r', '2', `127.0.0.1:${port}`, 'auth', 'testing123']
    return (await run('radclient', words, attributes)).output
  }
  const asks = (name: string, attempt: string) =>
    `User-Name=${quoted(name)}\nUser-Password=${quoted(attempt, inPassword[release])}\n`
  const log = async () => server.output() + (await run('cat', [`${raddb}/signet.log`])).output
  return {
    log,
    sends,
    tries: (name: string, attempt: string, more = '') => sends(asks(name, attempt) + more),
    /** @returns what came until it had said in its log why it says nothing */
    async triesInVain(name: string, why: RegExp) {
      const sent = sends(asks(name, password), 1)
      await until(async () => why.test(await log()))
      return sent
    },
  }
}

/** @throws when it fails */
async function prepared({ run }: Debian, script: string) {
  const { code, output } = await run('sh', ['-c', script])
  if (code !== 0) throw new Error(output)
}

/** For radclient. */
const quoted = (value: string, backslash = '\\\\'): string =>
  `"${value.replaceAll('\\', backslash).replaceAll('"', '\\"')}"`

/** That of FreeRADIUS 3.2.1 undoes the backslashes of a password twice. */
const inPassword = { 12: '\\\\\\\\', 13: '\\\\' }

const accepted = /Received Access-Accept/
const rejected = /Received Access-Reject/
const answered = /Received/

for (const release of [12, 13] as const) {
  const skip = process.env[`DEBIAN_${release}`] === undefined && `no Debian ${release}`

  test(`FreeRADIUS of Debian ${release} lets in whom Signet gives a permission`, { skip }, async t => {
    const service = await withUsers(t)
    const { users, container } = service
    const front = await frontOf(t, true)
    const signet = await standIn(t, service, front)
    const authority = readFileSync(front.authorityFile ?? '', 'utf8')
    const { tries, triesInVain, sends, log } = await startFreeRadius(t, release, { url: front.url, authority })

    await t.test('with the right password, and tells the device the group', async t => {
      const ordinary = await tries('alice', password, 'Calling-Station-Id="203.0.113.7"\n')
      t.match(ordinary, accepted)
      t.match(ordinary, /Session-Timeout = 28800/)
      t.notMatch(ordinary, /Filter-Id/)
      const { json } = await commandLine(t, service.environment)
      t.match(await json(['audit', 'list', '--address', '203.0.113.7']), [{ type: 'user.sign_in', outcome: 'success' }])
      t.match(await tries('carol', password, 'Calling-Station-Id="203.0.113.8\\r\\nX-Other: 1"\n'), accepted)
      t.equal(signet.header('x-other'), undefined, 'what is no address does not go on')
      t.match(await tries('carol', password), /Filter-Id = "admins"/)
    })

    await t.test('and nobody else', async t => {
      t.match(await tries('alice', 'wrong'), rejected)
      t.match(await tries('nobody', password), rejected)
      t.match(await tries(noPermission, password), rejected, 'without the permission')
      t.match(await log(), /invalid_scope/)
    })

    await t.test('and nobody by a hash of the password', async t => {
      const before = signet.asked.length
      t.match(await sends(`User-Name=alice\nCHAP-Password=${quoted(password)}\n`), rejected)
      t.equal(signet.asked.length, before)
    })

    await t.test('with every character in the password and the name', async t => {
      const odd = '100% %{User-Name} a&b=c+d "e" \'f\' \\g \\n \\\\ $(h) Ünï€𝄞'
      for (const username of ["o'brien+x&y=z%41", 'Zoë@example.com', 'back\\slash"']) {
        await users.add({ username, password: odd, roles: ['network-user'] }, byTest)
        t.match(await tries(username, odd), accepted, username)
        t.match(await tries(username, `${odd} `), rejected)
      }
    })

    await t.test('whichever key signs', async t => {
      await (await container.keyLifecycle()).rotate(byTest)
      t.match(await tries('alice', password), accepted)
    })

    await t.test('and takes no token for a password', async t => {
      const { body } = await service.token(
        { grant_type: 'password', username: 'alice', password },
        { client: [clientId, secret] },
      )
      const all = { 'an access token': body.access_token as string, ...(await wrongTokens(service, body.access_token)) }
      for (const [what, token] of Object.entries(all))
        t.match(await tries('alice', token.slice(0, LONGEST)), rejected, what)
    })

    await t.test('is silent when Signet is busy, so that the second server is asked', async t => {
      signet.insteadAnswers(503)
      t.notMatch(await triesInVain('alice', /alice: Signet did not decide: 503/), answered)
      signet.insteadAnswers(undefined)
      t.match(await tries('alice', password), accepted)
    })

    await t.test('tells who has guessed too often to wait', async t => {
      for (let tried = 0; tried < 10; tried += 1)
        await service.token(
          { grant_type: 'password', username: 'carol', password: `wrong ${tried}` },
          { client: [clientId, secret] },
        )
      const refused = await tries('carol', password)
      t.match(refused, rejected)
      t.match(refused, /Reply-Message = "Too many wrong passwords/)
    })

    await t.test('refuses a user who is disabled, at once', async t => {
      await users.setStatus('alice', 'disabled', byTest)
      t.match(await tries('alice', password), rejected)
    })

    await t.test('is silent when Signet is down', async t => {
      await signet.end()
      t.notMatch(await triesInVain('alice', /Signet did not decide: no answer/), answered)
    })
  })

  test(`FreeRADIUS of Debian ${release} says nothing, and logs why, when it can't ask`, { skip }, async t => {
    const service = await withUsers(t)
    const front = await frontOf(t, true)
    const signet = await standIn(t, service, front)
    const authority = readFileSync(front.authorityFile ?? '', 'utf8')
    const url = front.url

    const stranger = readFileSync((await frontOf(t, true)).authorityFile ?? '', 'utf8')
    const distrusting = await startFreeRadius(t, release, { url, authority: stranger })
    t.notMatch(await distrusting.triesInVain('alice', /no answer .*SSL/), answered)
    t.equal(signet.asked.length, 0, 'the password was not sent')

    const wrong = await startFreeRadius(t, release, { url, authority, clientSecret: `${secret}x` })
    t.notMatch(await wrong.triesInVain('alice', /alice: Signet did not decide: 401/), answered)
  })
}
