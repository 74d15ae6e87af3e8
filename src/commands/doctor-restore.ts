/** What `signet doctor` says to somebody who accepts a restore, before and after. */
import { isoTime, isoTimeOrNull } from '../clock.ts'
import type { AcceptedRestore, CredentialChoice } from '../maintenance/accept-restore.ts'
import type { AtStake } from '../maintenance/at-stake.ts'
import type { CredentialCounts, LiveCredential } from '../records/credential.ts'
import { MOST_COUNTED } from '../records/limits.ts'
import { type Column, tableIn } from './table.ts'
import type { Lines } from './terminal.ts'
import { wrapEach } from './text-width.ts'
import { secondTime } from './times.ts'
import { counted, inWords } from './what-goes.ts'

const countOf = (counts: CredentialCounts): string =>
  inWords([
    counted(counts.client_secret, 'client secret'),
    counted(counts.client_key, 'client key'),
    counted(counts.client_trust, 'trust'),
    counted(counts.api_key, 'API key'),
  ])

const columns: readonly Column<LiveCredential>[] = [
  { head: 'ID', cell: ({ id }) => id },
  { head: 'KIND', cell: ({ kind }) => kind },
  { head: 'OWNER', cell: ({ username, clientId }) => username ?? clientId ?? '', flexible: 'cut' },
  { head: 'NAME', cell: ({ name }) => name ?? '', flexible: 'cut' },
  { head: 'CREATED', cell: ({ createdAtMs }, time) => time(createdAtMs) },
]

export const linesOfRestored = [
  'Marked the database as one that was put back: it serves nothing until that is accepted.',
  'Go on with: signet doctor --accept-restore',
]

export const RESTORED_ENDS = 'The service stops serving at once, until the restore is accepted.'

export function whatAcceptingEnds({ sessions, keys, credentials }: AtStake, choice: CredentialChoice): string {
  const ends = `This ends ${counted(sessions, 'session', MOST_COUNTED)} and revokes ${counted(keys, 'signing key')}`
  return choice === 'drop'
    ? `${ends}, ${countOf(credentials)}.`
    : `${ends}. Credentials that were removed after the copy was made work again.`
}

export const linesOfMove = ['Accepted that the database is on another server: sessions, keys and credentials go on.']

export const describeAtStake = (stake: AtStake) => ({
  ok: false,
  restore: {
    problem: stake.problem,
    backed_up_at: isoTimeOrNull(stake.backedUpAtMs),
    last_event_at: isoTimeOrNull(stake.lastEventAtMs),
    sessions: stake.sessions,
    keys: stake.keys,
    credentials: stake.credentials,
    newest_credentials: stake.newest.map(credential => ({
      kind: credential.kind,
      id: credential.id,
      name: credential.name,
      username: credential.username,
      client_id: credential.clientId,
      created_at: isoTime(credential.createdAtMs),
      expires_at: isoTimeOrNull(credential.expiresAtMs),
    })),
  },
})

const lastActIn = (atMs: number | undefined): string[] =>
  atMs === undefined ? [] : [`The last act that the copy knows of was at ${isoTime(atMs)}.`]

/** Times are exact: whoever knows when a thief was there looks for what was made then. */
export const linesOfAtStake =
  ({ problem, backedUpAtMs, lastEventAtMs, sessions, keys, credentials, newest }: AtStake): Lines =>
  display => {
    const lines = [
      `${problem} Nothing was changed.`,
      'Credentials that were removed after the copy was made would work again. Decide, and run this again with one of these:',
      '  --keep-credentials  all go on working, even those that were removed because somebody had stolen them',
      `  --drop-credentials  all are revoked, ${countOf(credentials)}: their owners need new ones`,
      `Either way, this ends ${counted(sessions, 'session', MOST_COUNTED)} and revokes ${counted(keys, 'signing key')}.`,
      ...(backedUpAtMs === undefined ? lastActIn(lastEventAtMs) : [`The backup was made at ${isoTime(backedUpAtMs)}.`]),
    ]
    const table = ['The newest credentials in the copy:', ...tableIn(columns, newest, display, secondTime)]
    return [...wrapEach(lines, display.width), ...(newest.length === 0 ? [] : table)]
  }

export const describeAccepted = ({ sessions, keys, dropped }: AcceptedRestore) => ({
  ...{ sessions, keys },
  dropped_credentials: dropped ?? null,
})

export const linesOfAccepted = ({ sessions, keys, dropped }: AcceptedRestore): string[] => [
  `Accepted the restore: ${counted(sessions, 'session')} ended, ${counted(keys, 'signing key')} revoked`,
  dropped === undefined
    ? 'Client secrets and API keys were kept: those that were removed after the backup work again.'
    : `Revoked ${countOf(dropped)}: their owners need new ones.`,
  'This database does not know what was added, changed or removed after the backup: users, passwords, roles, clients, secrets. ' +
    'Go through them, and change again what was changed because it was stolen.',
]
