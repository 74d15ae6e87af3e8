/** Whoever can write the database and does not have the key is found out, whatever they do; who did nothing is not accused. */
import t from 'tap'
import { random } from '../soak/settings.ts'
import { copiesOf, sealedAudit } from '../support/sealed-audit.ts'
import { notOnPostgres } from '../support/sqlite.ts'
import { tamperings } from '../support/tampering.ts'

const CASES = Number(process.env['N'] ?? 30)

t.test(
  'tampered audits are found, and untouched ones are never accused',
  { skip: notOnPostgres('each case copies the file') },
  async t => {
    const { service, clock, happen, publicKey, verify, json, file } = await sealedAudit(t)
    const [firstKey] = [await publicKey()]
    for (const events of [5, 1, 12, 3]) await happen(events)
    await json(['keys', 'revoke', '--all', '--reason', 'test'])
    for (const events of [1, 7, 2, 30]) await happen(events)
    await service.stop()
    const { head } = await verify()
    const copy = copiesOf(t, file, service.environment, clock)
    const known = [head ?? undefined, [firstKey]] as const
    t.strictSame(await copy().problems(...known), [], 'the untouched one')
    const start = performance.now()
    for (const [what, tamper] of Object.entries(tamperings)) {
      const pick = random(what)
      for (let number = 0; number < CASES; number += 1) {
        const { file, problems } = copy()
        tamper(file, pick)
        const found = await problems(...known)
        if (number < 6) console.error(what, found)
        t.ok(found.length > 0, `${what} ${number}`)
      }
    }
    console.error(performance.now() - start)
  },
)
