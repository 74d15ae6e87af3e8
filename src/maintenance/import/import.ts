/**
 * Moving people in from another system. The file is read twice: first all of it, so that a broken one changes nothing and names and ids
 * are known that stand in it more than once; then each person is added in a write of their own. A run that was killed is started again.
 */
import { createHash } from 'node:crypto'
import type { ImportedUser, ImportOutcome, ImportRules, UserImport } from '../../accounts/imported-users.ts'
import { AccountError } from '../../accounts/rules.ts'
import { usernameKey } from '../../accounts/username.ts'
import { nobodysHash } from '../../passwords/algorithms/argon2.ts'
import { type FormOptions, HashRefused } from '../../passwords/forms/form.ts'
import { readForeignHash } from '../../passwords/forms/forms.ts'
import { hasNoPassword } from '../../passwords/forms/no-password.ts'
import type { Provenance } from '../../records/audit-event.ts'
import { PASSED_OVER } from './formats/format.ts'
import { createNameTally, type NameTally } from './name-tally.ts'
import { type Person, type Place, RecordRefused } from './person.ts'
import { type ImportFormat, type ReadPerson, readPeople } from './read-people.ts'
import type { Source } from './source.ts'

export interface ImportOptions extends ImportFormat, ImportRules {
  readonly dryRun: boolean
  /** What one check of a hash may cost; the unit is an Argon2id of ours. */
  readonly maxCost: number
  readonly forms: FormOptions
  /** Roles that everybody gets, besides those of the file. */
  readonly roles: readonly string[]
}

/** What can't be imported, and why. */
export interface Refusal {
  readonly place: Place
  readonly reason: string
}

export interface ImportSummary {
  /** With a dry run: who would be. */
  readonly added: number
  /** Added by an earlier run. */
  readonly alreadyThere: number
  readonly refused: number
  /** Records that are no people. */
  readonly passedOver: number
  /** How many hashes were read in which form. */
  readonly forms: ReadonlyMap<string, number>
}

/** So many are under way at once: they share commits. */
const AT_ONCE = 50
/** And so many rows: a service beside waits while they are written. */
const MOST_ROWS = 200

const NO_PASSWORD = 'no password'

interface PersonToAdd extends ImportedUser {
  readonly form: string
}

/** @throws HashRefused */
function toAdd({ username, hash, roles, status, userId }: Person, options: ImportOptions): PersonToAdd {
  const { form, stored, cost } =
    hash === null || hasNoPassword(hash)
      ? { form: NO_PASSWORD, stored: nobodysHash, cost: undefined }
      : readForeignHash(hash, options.maxCost, options.forms)
  const user = {
    username,
    userId,
    status,
    passwordHash: stored,
    roles: [...new Set([...roles, ...options.roles])].sort(),
  }
  const digested = JSON.stringify([username, userId, status, stored, user.roles])
  const importDigest = createHash('sha256').update(digested).digest('base64url')
  return { ...user, form, hashCost: cost, importDigest }
}

const isRefusal = (error: unknown): error is Error =>
  [AccountError, HashRefused, RecordRefused].some(kind => error instanceof kind)

const REPEATED = 'The file has this name more than once, as names are compared.'
const REPEATED_ID = 'The file has this id more than once.'

interface Tallies {
  readonly names: NameTally
  readonly ids: NameTally
}

/** First all of the file: a broken one is found before anything is changed. */
async function tally(people: AsyncIterable<ReadPerson>): Promise<Tallies> {
  const [names, ids] = [createNameTally(), createNameTally()]
  for await (const { person } of people) {
    if (person === PASSED_OVER || person instanceof RecordRefused) continue
    names.add(usernameKey(person.username))
    if (person.userId !== undefined) ids.add(person.userId)
  }
  return { names, ids }
}

/** Which of them it is, only the operator can know. @throws RecordRefused */
function refuseRepeated({ username, userId }: PersonToAdd, { names, ids }: Tallies): void {
  if (names.isRepeated(usernameKey(username))) throw new RecordRefused(REPEATED)
  if (userId !== undefined && ids.isRepeated(userId)) throw new RecordRefused(REPEATED_ID)
}

/** The user with an audit event, and the same for each role. */
const rowsOf = ({ person }: ReadPerson, { roles }: ImportOptions): number =>
  person === PASSED_OVER || person instanceof RecordRefused ? 0 : 2 * (1 + person.roles.length + roles.length)

/** Batches of what is under way at once; one person may be more than a batch should be. */
async function* inBatches(
  people: AsyncIterable<ReadPerson>,
  options: ImportOptions,
): AsyncGenerator<readonly ReadPerson[]> {
  let [batch, rows]: [ReadPerson[], number] = [[], 0]
  for await (const each of people) {
    const more = rowsOf(each, options)
    if (batch.length > 0 && (batch.length === AT_ONCE || rows + more > MOST_ROWS)) {
      yield batch
      ;[batch, rows] = [[], 0]
    }
    batch.push(each)
    rows += more
  }
  if (batch.length > 0) yield batch
}

export interface Import {
  /**
   * Adds the people of a file, and gives what is refused while it goes on.
   * @param tellProgress told how many records were looked at, and which share of the work is done
   * @throws FileRefused before anything is changed
   */
  run(
    source: Source,
    options: ImportOptions,
    by: Provenance,
    tellProgress: (done: number, share: number) => void,
  ): AsyncGenerator<Refusal, ImportSummary>
}

export const createImport = (userImport: UserImport): Import => ({
  async *run(source, asked, by, tellProgress) {
    const first = readPeople(source, asked)
    const tallies = await tally(first.people)
    const { hashConfig = first.hashConfig() } = asked.forms
    const options = { ...asked, forms: { ...asked.forms, hashConfig } }
    const counts = { added: 0, 'there already': 0, refused: 0, passedOver: 0 }
    const forms = new Map<string, number>()

    async function act(person: Person): Promise<ImportOutcome> {
      const user = toAdd(person, options)
      forms.set(user.form, (forms.get(user.form) ?? 0) + 1)
      refuseRepeated(user, tallies)
      return options.dryRun ? userImport.examine(user, options) : userImport.add(user, options, by)
    }

    /** Undefined when it was not refused. */
    async function refusalOf({ place, person }: ReadPerson): Promise<Refusal | undefined> {
      try {
        if (person instanceof RecordRefused) throw person
        if (person === PASSED_OVER) counts.passedOver += 1
        else counts[await act(person)] += 1
        return undefined
      } catch (error) {
        if (!isRefusal(error)) throw error
        counts.refused += 1
        return { place, reason: error.message }
      }
    }

    const second = readPeople(source, asked)
    let done = 0
    for await (const batch of inBatches(second.people, options)) {
      // All of them, before anything is thrown: a write that is under way needs the database.
      for (const settled of await Promise.allSettled(batch.map(refusalOf))) {
        if (settled.status === 'rejected') throw settled.reason
        if (settled.value !== undefined) yield settled.value
      }
      done += batch.length
      tellProgress(done, second.bytesRead() / Math.max(1, source.bytes))
    }
    const { added, 'there already': alreadyThere, refused, passedOver } = counts
    return { added, alreadyThere, refused, passedOver, forms }
  },
})
