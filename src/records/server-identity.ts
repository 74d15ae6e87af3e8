/** Which database of which PostgreSQL server this is: a copy elsewhere, and a server that began a new history, are known by it. */

/**
 * `system:timeline:oid`. The system identifier is drawn when a cluster is made, and kept by its physical copies. The timeline is raised
 * by a promotion and by a recovery to a point in time. The oid is that of the database in the cluster: one that was made anew has another.
 */
export type ServerIdentity = string

const partsOf = (identity: ServerIdentity) => {
  const [system = '', timeline = '', oid = ''] = identity.split(':')
  return { system, timeline: Number(timeline), oid }
}

/** What happened between the two, for the operator; undefined when they are equal. */
export function changeOf(before: ServerIdentity, now: ServerIdentity): string | undefined {
  if (before === now) return undefined
  const [was, is] = [partsOf(before), partsOf(now)]
  if (was.system !== is.system)
    return `It is on another PostgreSQL cluster than before (system identifier ${is.system}, not ${was.system}): a dump was put back, or pg_upgrade made it.`
  if (was.oid !== is.oid)
    return `It is another database of the cluster than before (oid ${is.oid}, not ${was.oid}): it was made anew, and a dump put back.`
  return `The server is on timeline ${is.timeline}, and was on ${was.timeline}: a standby was promoted, or it was recovered to a point in time.`
}

/** Whether the one may be what a standby of the other became. */
export function mayBePromoted(before: ServerIdentity, now: ServerIdentity): boolean {
  const [was, is] = [partsOf(before), partsOf(now)]
  return was.system === is.system && was.oid === is.oid && is.timeline > was.timeline
}
