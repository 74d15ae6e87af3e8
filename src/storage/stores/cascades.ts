import type { Cascade, CascadeStore } from '../../records/cascade.ts'
import { type Executor, send } from '../engine/prepared.ts'
import type { CascadesTable } from '../engine/schema.ts'

const toCascade = (row: CascadesTable): Cascade => ({
  id: row.id,
  change: row.change,
  target: {
    ...(row.subject_id !== null && { subjectId: row.subject_id }),
    ...(row.client_id !== null && { clientId: row.client_id }),
    ...(row.credential_id !== null && { credentialId: row.credential_id }),
    ...(row.sign_ins_only === 1 && { signInsOnly: true }),
    ...(row.except_client_id !== null && { exceptClientId: row.except_client_id }),
    ...(row.except_session_id !== null && { exceptSessionId: row.except_session_id }),
    ...(row.role_name !== null && { roleName: row.role_name }),
    ...(row.issuer_id !== null && { issuerId: row.issuer_id }),
  },
  reason: row.reason,
  cursor: row.cursor,
  done: row.done,
  by: { actor: row.actor, address: row.address, userAgent: row.user_agent, requestId: row.request_id },
})

const toRow = ({ id, change, target, reason, cursor, done, by }: Cascade): CascadesTable => ({
  ...{ id, change, reason, cursor, done },
  subject_id: target.subjectId ?? null,
  client_id: target.clientId ?? null,
  credential_id: target.credentialId ?? null,
  sign_ins_only: target.signInsOnly === true ? 1 : 0,
  except_client_id: target.exceptClientId ?? null,
  except_session_id: target.exceptSessionId ?? null,
  role_name: target.roleName ?? null,
  issuer_id: target.issuerId ?? null,
  actor: by.actor,
  address: by.address,
  user_agent: by.userAgent,
  request_id: by.requestId,
})

export const cascadeStore = (executor: Executor): CascadeStore => ({
  async list() {
    return (await executor.kysely.selectFrom('cascades').selectAll().orderBy('id').execute()).map(toCascade)
  },
  async insert(cascade) {
    await send(executor, executor.kysely.insertInto('cascades').values(toRow(cascade)))
  },
  async lock(id) {
    const query = executor.kysely.selectFrom('cascades').selectAll().where('id', '=', id)
    const row = await (executor.locks ? query.forUpdate() : query).executeTakeFirst()
    return row && toCascade(row)
  },
  async advance(id, cursor, done) {
    await send(executor, executor.kysely.updateTable('cascades').set({ cursor, done }).where('id', '=', id))
  },
  async remove(id) {
    await send(executor, executor.kysely.deleteFrom('cascades').where('id', '=', id))
  },
})
