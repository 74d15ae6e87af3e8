/** Whether what a database shows now can have come of what it showed before: these numbers only ever rise. */
import type { Pulse } from '../records/pulse.ts'
import type { SigningKeyState } from '../records/signing-key.ts'

/** In the order in which a key goes through them. */
const ORDER: readonly SigningKeyState[] = ['pending', 'active', 'retiring', 'retired', 'revoked']

const isBehind = (is: SigningKeyState, was: SigningKeyState): boolean => ORDER.indexOf(is) < ORDER.indexOf(was)

/** Whether a key is further back in its life than it was. */
export const revivesKeys = (before: Pulse, now: Pulse): boolean =>
  [...now.signingKeys].some(([kid, is]) => isBehind(is, before.signingKeys.get(kid) ?? is))

function setbackOfKeys(before: Pulse, now: Pulse): string | undefined {
  for (const [kid, was] of before.signingKeys) {
    const is = now.signingKeys.get(kid)
    if (is === undefined) return `the signing key ${kid} is not there any more`
    if (isBehind(is, was)) return `the signing key ${kid} is ${is}, and was ${was}`
  }
  return undefined
}

function setbackOfAudit({ lastSeal: was }: Pulse, { lastSeal: is }: Pulse): string | undefined {
  if (was === undefined || (is !== undefined && is.number > was.number)) return undefined
  if (is?.number === was.number && is.digest === was.digest) return undefined
  return `the audit ends ${is === undefined ? 'before its first seal' : `at seal ${is.number}:${is.digest}`}, and ended at ${was.number}:${was.digest}`
}

/** One that is gone is over: the janitor removed it. */
function setbackOfLists(before: Pulse, now: Pulse): string | undefined {
  for (const [id, was] of before.statusLists) {
    const is = now.statusLists.get(id)
    if (is !== undefined && is < was) return `the status list ${id} is at revision ${is}, and was at ${was}`
  }
  return undefined
}

/** On another timeline, or another server, numbers of the log begin elsewhere. */
function setbackOfServer({ server: was }: Pulse, { server: is }: Pulse): string | undefined {
  if (was === undefined || is === undefined || was.identity !== is.identity || is.position >= was.position)
    return undefined
  return `the write-ahead log is at page ${is.position}, and was at ${was.position}`
}

/** What went back between the two, in words that a sentence goes on with; undefined when nothing did. */
export const setbackOf = (before: Pulse, now: Pulse): string | undefined =>
  setbackOfKeys(before, now) ??
  setbackOfAudit(before, now) ??
  setbackOfLists(before, now) ??
  setbackOfServer(before, now)
