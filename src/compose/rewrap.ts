/** `signet keys rewrap`, put together. */

import type { Clock } from '../clock.ts'
import { readAuditKey } from '../keys/audit-key.ts'
import type { AuditKeyChanges } from '../keys/audit-key-changes.ts'
import type { KeyLifecycle } from '../keys/key-lifecycle.ts'
import { readProved } from '../keys/private-keys.ts'
import { SIGNING_STATES } from '../keys/schedule.ts'
import type { Moves } from '../maintenance/moves.ts'
import { createRestoreGuard, type RestoreGuard } from '../maintenance/restore.ts'
import { createRewrap, type KeyRoom, type Rewrap } from '../maintenance/rewrap.ts'
import type { Randomness } from '../randomness.ts'
import type { Database } from '../storage/engine/database.ts'
import type { KeyStores } from './key-stores.ts'

/** Each is opened when it is asked for. */
export interface RewrapParts {
  readonly clock: Clock
  readonly randomness: Randomness
  readonly keyStores: KeyStores
  database(): Promise<Database>
  keyLifecycle(): Promise<KeyLifecycle>
  auditKeyChanges(): Promise<AuditKeyChanges>
  moves(): Promise<Moves>
  restoreGuard(): Promise<RestoreGuard>
}

export async function composeRewrap(parts: RewrapParts): Promise<Rewrap> {
  const { keyStores, clock, randomness } = parts
  const { read, write } = await parts.database()
  const lifecycle = await parts.keyLifecycle()
  const auditKeyChanges = await parts.auditKeyChanges()
  const file = await keyStores.epochFile()
  const keysElsewhere = await keyStores.keysElsewhere()

  const [signingKeys, auditKeys] = [await keyStores.signing(), await keyStores.audit()]
  const signing: KeyRoom = {
    here: signingKeys,
    there: await keyStores.openOther('signing'),
    async known() {
      const keys = await read.signingKeys.list()
      const needed = keys.filter(({ state }) => SIGNING_STATES.includes(state))
      return { all: keys.map(({ kid }) => kid), needed: needed.map(({ kid }) => kid) }
    },
    async prove(kid) {
      const key = (await read.signingKeys.list()).find(each => each.kid === kid)
      return key && readProved(signingKeys, key)
    },
    tidy: lifecycle.removeSpent,
  }
  const audit: KeyRoom = {
    here: auditKeys,
    there: await keyStores.openOther('audit'),
    async known() {
      const all = (await read.auditSeals.keys()).map(({ kid }) => kid)
      return { all, needed: all.slice(-1) }
    },
    async prove(kid) {
      const key = (await read.auditSeals.keys()).find(each => each.kid === kid)
      return key && readAuditKey(auditKeys, key)
    },
    tidy: auditKeyChanges.tidy,
  }

  return createRewrap({
    rooms: [signing, audit],
    async begin() {
      if ((await keysElsewhere()) !== 'database') return (await parts.restoreGuard()).assertOriginal()
      // They come from the database into a folder that has nothing of it yet, not even an epoch.
      const { epochInDatabase } = await import('../keys/epoch-in-database.ts')
      const { instance } = read
      const epochFile = epochInDatabase(instance)
      const [moves, countWrites] = [await parts.moves(), () => undefined]
      await createRestoreGuard({ epochFile, instance, moves, write, countWrites, clock, randomness }).assertOriginal()
      const found = await instance.find()
      if (found !== undefined) await file?.write(found.id, found.epoch)
    },
    async leave() {
      const found = await read.instance.find()
      if (found !== undefined) await (await keyStores.epochFileLeft())?.forget(found.id)
    },
    write,
  })
}
