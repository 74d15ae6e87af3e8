/** One audit, tampered with again and again: each time it is found, and without that never. */
import type { Test } from 'tap'
import { random } from '../soak/settings.ts'
import { copiesOf, sealedAudit } from './sealed-audit.ts'
import { tamperings } from './tampering.ts'

/** @param times of each kind */
export async function areFound(t: Test, times: number): Promise<void> {
  const { service, clock, happen, publicKey, verify, json, file } = await sealedAudit(t)
  const key = await publicKey()
  for (const events of [5, 1, 12, 3]) await happen(events)
  await json(['keys', 'revoke', '--all', '--reason', 'test'])
  for (const events of [1, 7, 2, 30]) await happen(events)
  await service.stop()
  const { head } = await verify()
  const copy = copiesOf(t, file, service.environment, clock)
  const known = [head ?? undefined, [key]] as const
  for (const [what, tamper] of Object.entries(tamperings)) {
    const pick = random(what)
    for (let number = 1; number <= times; number += 1) {
      const { file, problems } = copy()
      t.strictSame(await problems(...known), [], 'the untouched one')
      tamper(file, pick)
      t.ok((await problems(...known)).length > 0, `${what}, number ${number}`)
    }
  }
}
