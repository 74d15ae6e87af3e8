/** What is sent to the database while a test looks: in the test's process, under both drivers, so that the program needs no hook. */
import Sqlite from 'better-sqlite3'
import pg from 'pg'
import type { Test } from 'tap'

/** What runs by itself every second or oftener, whatever requests do, looks at these. */
const inBackground = /from "(signing_keys|cascades|status_lists|revocations|instance)"/
/** What a right password gives back, beside the write: its statements come in any order with those. */
const givesBack = /^\s*(delete from|insert into) "?attempt_counters/i
const isControl = (text: string): boolean => /^(begin|commit|rollback|savepoint|release)\b/i.test(text)
/** On SQLite each commit is counted in the header of the file, whatever is in it. */
const countsCommits = /^(select total_changes|pragma (application_id|user_version))/i

/** Without what stands in parentheses. */
function outside(text: string): string {
  const less = text.replace(/\([^()]*\)/g, '')
  return less === text ? text : outside(less)
}

/** Of several in one, the first. */
const firstIn = (text: string): string => text.replace(/^\s*with \w+ as \(/i, '')

/** The table comes right after the verb. */
const tableFirst = (text: string): string =>
  text.replace(/^(\s*)(select|delete)\b.*?\bfrom\b/is, '$1$2').replace(/^(\s*insert)\s+into\b/i, '$1')

/** `select sessions` for a statement, by the table that it is about; the words themselves for a transaction's. */
function inShort(text: string): string {
  if (isControl(text)) return (text.split(';')[0] ?? '').toLowerCase()
  const [, verb, table] =
    /^\s*(select|delete|insert|update)\b.*?"?(\w+)"?(?=\s|$)/is.exec(tableFirst(outside(firstIn(text)))) ?? []
  return `${verb?.toLowerCase()} ${table}`
}

/** What is told when PostgreSQL answers a statement. */
interface Noted {
  readonly onAnswer?: () => void
}

/** Every statement that is prepared or sent by either driver from now on goes through `note`. */
function listen(t: Test, note: (text: string) => Noted): void {
  const memory = new Sqlite(':memory:')
  const statement = Object.getPrototypeOf(memory.prepare('select 1'))
  memory.close()
  for (const method of ['run', 'get', 'all', 'iterate'] as const)
    t.intercept(statement, method, {
      configurable: true,
      writable: true,
      value: wrap(statement[method], self => note(self.source)),
    })
  const { prototype } = pg.Client
  t.intercept(prototype, 'query', {
    configurable: true,
    writable: true,
    value: wrap(prototype.query, (_, query) => note(typeof query === 'string' ? query : query.text)),
  })
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the driver takes
const wrap = (real: (...args: any[]) => unknown, note: (self: any, first: any) => Noted) =>
  // biome-ignore lint/suspicious/noExplicitAny: as above
  function (this: any, ...args: any[]) {
    const { onAnswer = () => {} } = note(this, args[0])
    const answer = real.apply(this, args)
    if (answer instanceof Promise) answer.then(onAnswer, onAnswer)
    return answer
  }

/**
 * Counts how often somebody waits for the server. What is sent before an answer is there waits together with it, on whichever
 * connections; what is sent behind it waits once more.
 */
function countWaits() {
  let deepest = 0
  return {
    begin: () => {
      deepest = 0
    },
    sent(): Noted {
      const depth = deepest + 1
      return {
        onAnswer() {
          deepest = Math.max(deepest, depth)
        },
      }
    },
    count: () => deepest,
  }
}

/** Answers how to see what one act sends: its statements, in short, and apart from them what begins and ends transactions. */
export function watchStatements(t: Test) {
  let seen: string[] = []
  const [waits, waitsBeside] = [countWaits(), countWaits()]
  listen(t, text => {
    if (!countsCommits.test(text)) seen.push(text)
    if (inBackground.test(text)) return {}
    return (givesBack.test(text) ? waitsBeside : waits).sent()
  })
  return async <T>(act: () => Promise<T>) => {
    seen = []
    for (const { begin } of [waits, waitsBeside]) begin()
    const answer = await act()
    const [roundTrips, besideRoundTrips] = [waits.count(), waitsBeside.count()]
    const texts = seen.filter(text => !inBackground.test(text))
    return {
      answer,
      statements: texts.filter(text => !isControl(text)).map(inShort),
      /** All of it. */
      sent: texts.map(inShort),
      /** On PostgreSQL. */
      roundTrips,
      /** Of what is given back meanwhile. */
      besideRoundTrips,
    }
  }
}
