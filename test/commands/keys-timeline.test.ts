/** The picture of `signet keys list`: a line a key, `#` where it signs, `-` where it is only published, time from left to right. */
import { mkdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { commandLine } from '../support/command-line.ts'
import { environmentOf, serve } from '../support/serve.ts'
import { DAY, keyIn } from '../support/signing-keys.ts'
import { change } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const KEY_COLUMN = 10

/** The keys of a service that was stopped, and what `keys list` draws of them. */
async function scene(t: Test, environment: Readonly<Record<string, string>> = {}) {
  const service = await serve(t)
  await service.stop()
  const { text, json } = await commandLine(t, { ...(await environmentOf(service.folder)), ...environment })
  const draw = async () => {
    const lines = (await text(['keys', 'list', '--wide'])).split('\n')
    const head = lines.findIndex(line => line.trim() === 'now')
    const row = (kid: string) => lines.slice(head).find(line => line.startsWith(kid.slice(0, 8)))
    return {
      table: lines.slice(0, head - 1),
      legend: lines.slice(-3, -1).map(line => line.trim()),
      now: (lines[head] ?? '').indexOf('now') - KEY_COLUMN,
      /** The cells of a key; undefined when it has no line. */
      cells: (kid: string) => row(kid)?.slice(KEY_COLUMN),
    }
  }
  return {
    ...{ json, draw, service },
    /** As if everything had happened so many days earlier. */
    daysPass(days: number) {
      const columns = ['since_ms', 'created_at_ms', 'activates_at_ms', 'rotation_asked_at_ms', 'retires_at_ms']
      const set = columns.map(column => `${column} = ${column} - ${days * DAY}`).join(', ')
      change(service.databaseFile, `update signing_keys set ${set}`)
    },
  }
}

t.test(
  'the active key signs until the planned rotation, the standby from then on, and both are published all the time',
  async t => {
    const { draw, daysPass, service } = await scene(t)
    daysPass(45)
    const { cells, now, table, legend } = await draw()
    const [active, pending] = [cells(keyIn(service, 'active').kid) ?? '', cells(keyIn(service, 'pending').kid) ?? '']
    t.match(active, /^#+-+$/)
    t.match(pending, /^-+#+$/)
    t.same([active.length, pending.length], [60, 60])
    t.equal(active.indexOf('-'), pending.indexOf('#'), 'one signs until the other does')
    t.ok(now > 20 && now < active.indexOf('-'), `now is column ${now}, the rotation is to come`)
    t.match(legend, ['# signs   - published, verifies', /^\d{4}-.+Z to \d{4}-.+Z$/])
    t.match(table[0], /^KID +STATE +SINCE +CAUSE +WHEN$/)
    t.match(table[1], /active .* first_key +stops signing \d{4}-.*Z$/)
    t.match(table[2], /pending .* first_key +signs \d{4}-.*Z$/)
  },
)

t.test('when no rotation is planned, the active key signs to the end, and the standby does not', async t => {
  const { draw, daysPass, service } = await scene(t, { SIGNET_KEY_ROTATION_INTERVAL: 'off' })
  daysPass(45)
  const { cells } = await draw()
  t.match(cells(keyIn(service, 'active').kid), /^#{60}$/)
  t.match(cells(keyIn(service, 'pending').kid), /^-{60}$/)
})

t.test('after a rotation the old key is published until it retires, and the new one signs since then', async t => {
  const environment = { SIGNET_KEY_ROTATION_INTERVAL: 'off' }
  const { json, draw, daysPass, service } = await scene(t, environment)
  daysPass(3)
  await json(['keys', 'rotate'])
  const { cells, now, table } = await draw()
  const [retiring, active] = [cells(keyIn(service, 'retiring').kid) ?? '', cells(keyIn(service, 'active').kid) ?? '']
  t.match(retiring, /^#+-+$/, 'it leaves before the picture ends')
  t.ok(retiring.length < 60)
  t.match(active, /^-+#+$/)
  t.equal(active.indexOf('#'), retiring.indexOf('-'), 'one signed until the other did')
  t.ok(Math.abs(now - active.indexOf('#')) <= 1, 'which is now')
  const standby = cells(keyIn(service, 'pending').kid) ?? ''
  t.match(standby, /^ +-+$/, 'the new standby is published since now')
  t.ok(Math.abs(now - standby.indexOf('-')) <= 1)
  t.match(
    table.find(line => line.includes('retiring')),
    /rotation_asked +leaves the JWKS \d{4}-.*Z$/,
  )
})

t.test(
  'a standby that took over before its time, because of a revocation, signs since then; the revoked key is not drawn',
  async t => {
    const { json, draw, service } = await scene(t, { SIGNET_KEY_ROTATION_INTERVAL: 'off' })
    const { kid } = keyIn(service, 'active')
    await json(['keys', 'revoke', kid, '--reason', 'stolen'])
    const { cells, table } = await draw()
    t.equal(cells(kid), undefined)
    t.match(cells(keyIn(service, 'active').kid), /^-?#+-+$/, 'until the new standby follows it')
    t.match(
      table.find(line => line.startsWith(kid)),
      /revoked +(\S+Z) +stolen +\1$/,
    )
  },
)

t.test('a database without keys has an empty list and no picture', async t => {
  const { environment, json, text } = await commandLine(t)
  mkdirSync(environment['SIGNET_KEYS_DIR'] ?? '', { mode: 0o700 })
  t.same(await json(['keys', 'list']), [])
  t.equal((await text(['keys', 'list'])).trimEnd(), 'KID  STATE  WHEN')
})
