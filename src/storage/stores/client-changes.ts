/** How clients are stored. Nobody waits for the answer to a change on which nothing depends: many go out together. */
import { type Kysely, sql } from 'kysely'
import type { ClientReader, ClientSettings, ClientStore } from '../../records/client.ts'
import type { Status } from '../../records/standing.ts'
import { type Executor, notDeleted, type Param, prepared } from '../engine/prepared.ts'
import type { ClientsTable, Schema } from '../engine/schema.ts'

const settingsColumns = (settings: ClientSettings) => ({
  grants: JSON.stringify(settings.grants),
  scope: JSON.stringify(settings.scope),
  audiences: JSON.stringify(settings.audiences),
  introspect: JSON.stringify(settings.introspect),
  access_token_ttl_seconds: settings.accessTokenTtlSeconds,
  grants_per_minute: settings.grantsPerMinute?.client ?? null,
  grants_per_minute_subject: settings.grantsPerMinute?.subject ?? null,
  may_grant: JSON.stringify(settings.mayGrant),
  forwards_address: settings.forwardsAddress,
})

type SettingsColumns = ReturnType<typeof settingsColumns>
type Row = Omit<ClientsTable, keyof SettingsColumns> & SettingsColumns

const settingsParams = (param: Param<SettingsColumns>) => ({
  grants: param('grants'),
  scope: param('scope'),
  audiences: param('audiences'),
  introspect: param('introspect'),
  access_token_ttl_seconds: param('access_token_ttl_seconds'),
  grants_per_minute: param('grants_per_minute'),
  grants_per_minute_subject: param('grants_per_minute_subject'),
  may_grant: param('may_grant'),
  forwards_address: param('forwards_address'),
})

function prepareChanges(db: Kysely<Schema>) {
  const changed = (param: Param<{ id: string }>) =>
    db
      .updateTable('clients')
      .set(row => ({ revision: row('revision', '+', 1) }))
      .where('id', '=', param('id'))
  return {
    insert: prepared<Row>(param =>
      db
        .insertInto('clients')
        .values({
          ...settingsParams(param as Param<SettingsColumns>),
          id: param('id'),
          client_id: param('client_id'),
          status: param('status'),
          is_public: param('is_public'),
          created_at_ms: param('created_at_ms'),
          revision: param('revision'),
        })
        .onConflict(conflict => conflict.doNothing()),
    ),
    update: prepared<SettingsColumns & { id: string }>(param =>
      changed(param as Param<{ id: string }>).set(settingsParams(param as Param<SettingsColumns>)),
    ),
    setStatus: prepared<{ id: string; status: Status }>(param =>
      changed(param as Param<{ id: string }>).set({ status: param('status') }),
    ),
    raiseRevision: prepared<{ id: string }>(changed),
    setMayGrant: prepared<{ id: string; may_grant: string }>(param =>
      changed(param as Param<{ id: string }>).set({ may_grant: param('may_grant') }),
    ),
    removeOrigins: prepared<{ id: string }>(param =>
      db.deleteFrom('client_origins').where('client_id', '=', param('id')),
    ),
    addOrigin: prepared<{ id: string; origin: string }>(param =>
      db.insertInto('client_origins').values({ client_id: param('id'), origin: param('origin') }),
    ),
  }
}

type Changes = Omit<ClientStore, keyof ClientReader>

export function prepareClientChanges(db: Kysely<Schema>): (executor: Executor) => Changes {
  const changes = prepareChanges(db)

  return executor => {
    const addOrigins = async (id: string, origins: readonly string[]) => {
      for (const origin of origins) await changes.addOrigin.send(executor, { id, origin })
    }
    return {
      async insert(client) {
        const { id, clientId, status, isPublic, createdAtMs, revision, origins } = client
        const { changed } = await changes.insert(executor, {
          ...settingsColumns(client),
          ...{ id, client_id: clientId, status, is_public: isPublic ? 1 : 0, created_at_ms: createdAtMs, revision },
        })
        if (changed !== 1) return false
        await addOrigins(id, origins)
        return true
      },
      async update(id, settings) {
        await changes.update.send(executor, { ...settingsColumns(settings), id })
        await changes.removeOrigins.send(executor, { id })
        await addOrigins(id, settings.origins)
      },
      setStatus: (id, status) => changes.setStatus.send(executor, { id, status }),
      raiseRevision: id => changes.raiseRevision.send(executor, { id }),
      async forgetRole(roleName, limit) {
        const without = (row: Pick<ClientsTable, 'may_grant'>): string =>
          JSON.stringify(JSON.parse(row.may_grant).filter((name: string) => name !== roleName))
        const named = rowsThatGrant(executor.kysely)
        const found = (await named.execute()).filter(row => without(row) !== row.may_grant).slice(0, limit)
        if (found.length === 0) return 0
        const ids = found.map(({ id }) => id)
        const some = named.where('id', 'in', ids)
        for (const row of await (executor.locks ? some.forUpdate() : some).execute())
          await changes.setMayGrant.send(executor, { id: row.id, may_grant: without(row) })
        return ids.length
      },
    }
  }
}

/** Few clients may, and an index has no others: they are looked through, from the first id on. */
const rowsThatGrant = (kysely: Kysely<Schema>) =>
  kysely
    .selectFrom('clients')
    .select(['id', 'may_grant'])
    .where('may_grant', '<>', sql.lit('[]'))
    .where('id', '>', sql.lit(''))
    .where('status', '<>', notDeleted)
    .orderBy('id')
