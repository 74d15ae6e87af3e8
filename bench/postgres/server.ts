/** What a PostgreSQL server has used: processor time of all its processes, and what pg_stat_statements says of one database. */
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { cpuTime } from '../service.ts'

export interface ServerUse {
  /** Microseconds of processor. */
  readonly cpu: number
  /** Undefined without pg_stat_statements. */
  readonly statements: number | undefined
  /** Microseconds in them. */
  readonly statementTime: number | undefined
}

export interface Server {
  used(): Promise<ServerUse>
  stop(): Promise<void>
}

/** proc(5): the fields behind the name, which may hold anything. */
const fieldsOf = (pid: number | string): readonly string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []

const parentOf = (pid: string): number => {
  try {
    return Number(fieldsOf(pid)[1])
  } catch {
    return 0
  }
}

/** Of those that are gone the postmaster knows. */
function cpuOf(postmaster: number): number {
  const children = readdirSync('/proc').filter(name => /^\d+$/.test(name) && parentOf(name) === postmaster)
  const gone = (Number(fieldsOf(postmaster)[13]) + Number(fieldsOf(postmaster)[14])) * 10_000
  return children.reduce((sum, pid) => sum + cpuTime(Number(pid)), cpuTime(postmaster) + gone)
}

export async function watchServer(url: string): Promise<Server> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const postmaster = parentOf(String(rows[0]?.pid))
  const hasStatements = await client.query('create extension if not exists pg_stat_statements').then(
    () => true,
    () => false,
  )

  async function statements() {
    if (!hasStatements) return { statements: undefined, statementTime: undefined }
    const { rows } = await client.query<{ calls: string; ms: number }>(
      `select sum(calls) as calls, sum(total_exec_time + total_plan_time) as ms from pg_stat_statements
       where dbid = (select oid from pg_database where datname = current_database())`,
    )
    return { statements: Number(rows[0]?.calls), statementTime: (rows[0]?.ms ?? 0) * 1000 }
  }

  return { used: async () => ({ cpu: cpuOf(postmaster), ...(await statements()) }), stop: () => client.end() }
}
