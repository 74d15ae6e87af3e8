/**
 * Brings every private key to where SIGNET_KEYS_STORE says, under the key-encryption key of today. Each key is moved by itself: cut
 * short anywhere, it is run again; and servers go on meanwhile. What lies in the other store stays there until somebody asks: a server
 * that was not restarted yet reads it.
 */
import type { KeyStore, LeftKey } from '../keys/private-keys.ts'
import type { Provenance } from '../records/audit-event.ts'
import { KeyError } from '../records/signing-key.ts'
import type { Write } from '../records/unit-of-work.ts'

export interface RewrapAnswer {
  /** Private keys that are encrypted under the current key now and were not, or that were elsewhere. */
  readonly moved: readonly string[]
  /** Those that can't be read: most often under a key-encryption key that is not at hand. */
  readonly left: readonly LeftKey[]
  /** Those that are also in the other store. */
  readonly copies: readonly string[]
}

/** The private keys of one purpose. */
export interface KeyRoom {
  /** Where they are to be. */
  readonly here: KeyStore
  /** Where they may be left. */
  readonly there: KeyStore | undefined
  /** All that the database knows, and of these the ones whose private half is needed. */
  known(): Promise<{ readonly all: readonly string[]; readonly needed: readonly string[] }>
  /** @throws KeyError when the one that is here does not sign what its published half verifies */
  prove(kid: string): Promise<unknown>
  /** Removes here what is of no use any more. */
  tidy(): Promise<unknown>
}

export interface Rewrap {
  /** @throws KeyError on a copy of the database, and when there is no key to encrypt under */
  rewrap(removeCopies: boolean, by: Provenance): Promise<RewrapAnswer>
  /** The private keys that are in the other store and needed there no more. */
  copies(): Promise<readonly string[]>
}

/** Copies what is needed and missing here. */
async function bring({ here, there, known }: KeyRoom): Promise<{ done: string[]; left: LeftKey[] }> {
  const [done, left]: [string[], LeftKey[]] = [[], []]
  if (there === undefined) return { done, left }
  // One that is only prepared there is known by now: who made it was killed before it was committed.
  const elsewhere = [...(await there.list()), ...(await there.listPrepared())]
  const [{ needed }, present] = [await known(), await here.list()]
  for (const kid of needed.filter(each => !present.includes(each) && elsewhere.includes(each)))
    try {
      await here.commit(kid, await there.read(kid))
      done.push(kid)
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      left.push({ kid, problem: error.message })
    }
  return { done, left }
}

/** What is in the other store and needed there no more: it is here, or signs no more. */
async function copiesIn({ here, there, known }: KeyRoom, unread: readonly LeftKey[]): Promise<readonly string[]> {
  if (there === undefined) return []
  const [{ all, needed }, present] = [await known(), await here.list()]
  const isCopy = (kid: string) =>
    needed.includes(kid) ? present.includes(kid) && !unread.some(each => each.kid === kid) : all.includes(kid)
  return (await there.list()).filter(isCopy)
}

/** The last one that works is never removed. Answers those that stay. */
async function removeCopies({ known, prove, there }: KeyRoom, copies: readonly string[]): Promise<readonly LeftKey[]> {
  const [{ needed }, left]: [{ needed: readonly string[] }, LeftKey[]] = [await known(), []]
  for (const kid of copies)
    try {
      if (needed.includes(kid)) await prove(kid)
      await there?.remove(kid)
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      left.push({ kid, problem: error.message })
    }
  return left
}

export function createRewrap(dependencies: {
  readonly rooms: readonly KeyRoom[]
  /**
   * Before anything is moved: what is cut short afterwards is no restore.
   * @throws KeyError on a copy of the database
   */
  readonly begin: () => Promise<void>
  /** When nothing is needed any more where keys were before. */
  readonly leave: () => Promise<void>
  readonly write: Write
}): Rewrap {
  const { rooms, begin, leave, write } = dependencies

  async function move(room: KeyRoom, isToRemove: boolean): Promise<RewrapAnswer> {
    const brought = await bring(room)
    const rewrapped = await room.here.rewrap()
    // What a server removed while it got a new encryption is there again.
    await room.tidy()
    const [moved, left] = [
      [...brought.done, ...rewrapped.done],
      [...brought.left, ...rewrapped.left],
    ]
    const copies = await copiesIn(room, left)
    if (!isToRemove) return { moved, left, copies }
    const kept = await removeCopies(room, copies)
    return { moved, left: [...left, ...kept], copies: kept.map(({ kid }) => kid) }
  }

  return {
    async rewrap(isToRemove, by) {
      await begin()
      const answers: RewrapAnswer[] = []
      for (const room of rooms) answers.push(await move(room, isToRemove))
      const moved = answers.flatMap(answer => answer.moved)
      const left = answers.flatMap(answer => answer.left)
      const copies = answers.flatMap(answer => answer.copies)
      if (isToRemove && left.length === 0) await leave()
      if (moved.length > 0)
        await write(({ audit }) => audit.append({ type: 'private_keys.rewrap', outcome: 'success', provenance: by }))
      return { moved, left, copies }
    },
    copies: async () => (await Promise.all(rooms.map(room => copiesIn(room, [])))).flat(),
  }
}
