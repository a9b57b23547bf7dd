import type { SqlClient } from "@effect/sql/SqlClient"
import type { EdgeAssignment } from "@vigil/core/EdgeAssignment"
import type { ModelId, TenantId } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { modelActivated, modelVersionCreated, modelVersionDeleted, modelVersionJudged } from "@vigil/core/ModelAudit"
import { judged, ModelHints, ModelVersion, ModelRefusal, type VersionName } from "@vigil/core/ModelVersion"
import { byModel, checkActivation, checkComplete, checkPart, checkRemoval, newVersion } from "@vigil/core/ModelVersionRules"
import { ModelStore, ModelVersionNotFound, ModelVersionRefused } from "@vigil/core/port/ModelStore"
import { detectionModel } from "@vigil/core/settings/Setting"
import { DateTime, Effect, Layer, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { changeFeed } from "./ChangeFeed.js"
import { Database } from "./Database.js"

const channel = "vigil_models"
const pollInterval = 5000

interface VersionRow {
  readonly tenant_id: TenantId
  readonly model: ModelId
  readonly version: VersionName
  readonly state: ModelVersion["state"]
  readonly active: boolean
  readonly bytes: string
  readonly sha256: string
  readonly hints: unknown
  readonly descriptor: unknown
  readonly refusal: unknown
  readonly created_at: Date
  readonly checked_at: Date | null
  readonly received: string
}

const Descriptions = Schema.Struct({
  hints: ModelHints,
  descriptor: Schema.NullOr(ModelDescriptor),
  refusal: Schema.NullOr(ModelRefusal)
})
const decodeDescriptions = Schema.decodeUnknown(Descriptions)
const encodeDescriptions = Schema.encodeSync(Descriptions)
const decodeDescriptor = Schema.decodeUnknown(ModelDescriptor)
const encodeDescriptors = Schema.encodeSync(Schema.Array(ModelDescriptor))

const toVersion = (row: VersionRow) =>
  Effect.map(decodeDescriptions(row), (descriptions) =>
    ModelVersion.make({
      tenantId: row.tenant_id,
      model: row.model,
      version: row.version,
      state: row.state,
      active: row.active,
      bytes: Number(row.bytes),
      sha256: row.sha256,
      received: Number(row.received),
      ...descriptions,
      createdAt: DateTime.unsafeFromDate(row.created_at),
      checkedAt: row.checked_at === null ? null : DateTime.unsafeFromDate(row.checked_at)
    })
  )

const received = (sql: SqlClient) =>
  sql.literal(`(select coalesce(sum(length(p.data)), 0) from model_parts p
    where p.tenant_id = v.tenant_id and p.model = v.model and p.version = v.version) as received`)

/** Changes of a model come one after the other. */
const lockModels = (sql: SqlClient, tenant: TenantId) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`models ${tenant}`}, 0))`

const read = (sql: SqlClient, tenant: TenantId, model: ModelId, version: VersionName) =>
  Effect.gen(function* () {
    const [row] = yield* sql<VersionRow>`select v.*, ${received(sql)} from model_versions v
      where v.tenant_id = ${tenant} and v.model = ${model} and v.version = ${version}`
    return row === undefined ? yield* new ModelVersionNotFound({ model, version }) : yield* toVersion(row)
  })

const list = (sql: SqlClient, tenant: TenantId) =>
  sql<VersionRow>`select v.*, ${received(sql)} from model_versions v where v.tenant_id = ${tenant}`.pipe(
    Effect.flatMap((rows) => Effect.forEach(rows, toVersion))
  )

const tell = (sql: SqlClient, model: ModelId) => sql`select pg_notify(${channel}, ${model})`

const save = (sql: SqlClient, version: ModelVersion) => {
  const { descriptor, refusal } = encodeDescriptions(version)
  return sql`update model_versions set state = ${version.state}, active = ${version.active},
      descriptor = ${descriptor === null ? null : JSON.stringify(descriptor)}::text::jsonb,
      refusal = ${refusal === null ? null : JSON.stringify(refusal)}::text::jsonb,
      checked_at = ${version.checkedAt === null ? null : DateTime.toDateUtc(version.checkedAt)}, changed_at = now()
    where tenant_id = ${version.tenantId} and model = ${version.model} and version = ${version.version}`
}

/**
 * For an edge, where the centre says which versions of the tenant are active: those, and no others, without their files. Where nothing is said of models, nothing is
 * changed.
 */
export const keepModels = (sql: SqlClient, { models, tenant }: EdgeAssignment) =>
  Effect.gen(function* () {
    if (models === undefined) return
    const wanted = sql`jsonb_array_elements(${JSON.stringify(encodeDescriptors(models))}::text::jsonb)`
    const gone = yield* sql`delete from model_versions where tenant_id = ${tenant.id} and (model, version, sha256) not in
      (select value ->> 'id', value ->> 'version', value ->> 'sha256' from ${wanted}) returning model`
    const come = yield* sql`insert into model_versions
        (tenant_id, model, version, state, active, bytes, sha256, hints, descriptor, created_at)
      select ${tenant.id}::uuid, value ->> 'id', value ->> 'version', 'ready', true, (value ->> 'bytes')::bigint,
        value ->> 'sha256', '{}', value, now() from ${wanted}
      on conflict (tenant_id, model, version) do update set descriptor = excluded.descriptor, changed_at = now()
        where model_versions.descriptor is distinct from excluded.descriptor returning model`
    if (gone.length + come.length > 0) yield* sql`select pg_notify(${channel}, 'all')`
  })

const activeVersion = (sql: SqlClient, tenant: TenantId, model: ModelId) =>
  Effect.map(
    sql<
      Pick<VersionRow, "version">
    >`select version from model_versions where tenant_id = ${tenant} and model = ${model} and active`,
    ([row]) => row?.version ?? null
  )

/** Who names the model, cameras themselves or what they inherit, and what to do about it; nothing where nobody does. */
const userOf = (sql: SqlClient, tenant: TenantId, model: ModelId) =>
  Effect.map(
    sql<{ readonly cameras: number; readonly settings: number }>`select
      (select count(*)::int from cameras
        where tenant_id = ${tenant} and configuration -> 'detection' ->> 'model' = ${model}) as cameras,
      (select count(*)::int from settings where tenant_id = ${tenant} and said ->> ${detectionModel.key} = ${model}) as settings`,
    ([row]) => {
      if (row === undefined) return undefined
      if (row.cameras > 0) return `${row.cameras} cameras name the model ${model}: give them another one first`
      return row.settings > 0 ? `settings name the model ${model} (${detectionModel.key}): change them first` : undefined
    }
  )

const switchOff = (sql: SqlClient, tenant: TenantId, model: ModelId) =>
  sql`update model_versions set active = false, changed_at = now() where tenant_id = ${tenant} and model = ${model} and active`

const make = Effect.gen(function* () {
  const database = yield* Database

  const fingerprint = database.system("look for changed models", (sql) =>
    Effect.map(
      sql<{ readonly mark: string }>`select concat_ws(' ', count(*), max(changed_at)) as mark from model_versions where active`,
      ([row]) => row?.mark ?? ""
    )
  )

  return ModelStore.of({
    list: (tenant) => database.tenant("list models", tenant, (sql) => Effect.map(list(sql, tenant), (all) => all.sort(byModel))),

    get: (tenant, model, version) => database.tenant("read model", tenant, (sql) => read(sql, tenant, model, version)),

    create: (tenant, model, input) =>
      database.tenant("add model", tenant, (sql) =>
        Effect.gen(function* () {
          yield* lockModels(sql, tenant)
          const before = yield* list(sql, tenant)
          const version = yield* newVersion(before, tenant, model, input, yield* DateTime.now)
          if (before.includes(version)) return version
          const hints = JSON.stringify(encodeDescriptions(version).hints)
          yield* sql`insert into model_versions (tenant_id, model, version, state, bytes, sha256, hints, created_at)
            values (${tenant}, ${model}, ${version.version}, ${version.state}, ${version.bytes}, ${version.sha256},
              ${hints}::text::jsonb, ${DateTime.toDateUtc(version.createdAt)})`
          yield* writeAudit(sql, tenant, modelVersionCreated(version))
          return version
        })
      ),

    putPart: (tenant, model, name, part, bytes) =>
      database.tenant("keep part of model", tenant, (sql) =>
        Effect.gen(function* () {
          yield* sql`select version from model_versions
            where tenant_id = ${tenant} and model = ${model} and version = ${name} for no key update`
          yield* checkPart(yield* read(sql, tenant, model, name), part, bytes.length)
          yield* sql`insert into model_parts (tenant_id, model, version, part, data)
            values (${tenant}, ${model}, ${name}, ${part}, ${bytes})
            on conflict (tenant_id, model, version, part) do update set data = excluded.data`
          yield* sql`update model_versions set state = 'uploading', refusal = null, changed_at = now()
            where tenant_id = ${tenant} and model = ${model} and version = ${name}`
          return yield* read(sql, tenant, model, name)
        })
      ),

    judge: (tenant, model, name, verdict) =>
      database.tenant("judge model", tenant, (sql) =>
        Effect.gen(function* () {
          yield* lockModels(sql, tenant)
          const before = yield* read(sql, tenant, model, name)
          yield* checkComplete(before)
          const after = judged(before, verdict, yield* DateTime.now)
          yield* save(sql, after)
          yield* writeAudit(sql, tenant, modelVersionJudged(before, after))
          return after
        })
      ),

    activate: (tenant, model, name) =>
      database.tenant("activate model", tenant, (sql) =>
        Effect.gen(function* () {
          yield* lockModels(sql, tenant)
          const version = yield* read(sql, tenant, model, name)
          yield* checkActivation(version)
          const before = yield* activeVersion(sql, tenant, model)
          if (before === name) return version
          yield* switchOff(sql, tenant, model)
          const after = ModelVersion.make({ ...version, active: true })
          yield* save(sql, after)
          yield* tell(sql, model)
          yield* writeAudit(sql, tenant, modelActivated(model, before, name))
          return after
        })
      ),

    deactivate: (tenant, model) =>
      database.tenant("deactivate model", tenant, (sql) =>
        Effect.gen(function* () {
          yield* lockModels(sql, tenant)
          const before = yield* activeVersion(sql, tenant, model)
          if (before === null) return yield* new ModelVersionNotFound({ model })
          const user = yield* userOf(sql, tenant, model)
          if (user !== undefined) return yield* new ModelVersionRefused({ reason: "in-use", detail: user })
          yield* switchOff(sql, tenant, model)
          yield* tell(sql, model)
          yield* writeAudit(sql, tenant, modelActivated(model, before, null))
        })
      ),

    remove: (tenant, model, name) =>
      database.tenant("remove model", tenant, (sql) =>
        Effect.gen(function* () {
          yield* lockModels(sql, tenant)
          const version = yield* read(sql, tenant, model, name)
          yield* checkRemoval(version)
          yield* sql`delete from model_versions where tenant_id = ${tenant} and model = ${model} and version = ${name}`
          yield* writeAudit(sql, tenant, modelVersionDeleted(version))
        })
      ),

    part: (tenant, model, name, part) =>
      database.tenant("read part of model", tenant, (sql) =>
        Effect.map(
          sql<{ readonly data: Uint8Array }>`select data from model_parts
            where tenant_id = ${tenant} and model = ${model} and version = ${name} and part = ${part}`,
          ([row]) => row?.data ?? new Uint8Array()
        )
      ),

    active: database.system("list active models", (sql) =>
      sql<
        Pick<VersionRow, "tenant_id" | "model" | "descriptor">
      >`select tenant_id, model, descriptor from model_versions where active`.pipe(
        Effect.flatMap((rows) =>
          Effect.forEach(rows, ({ descriptor, model, tenant_id }) =>
            decodeDescriptor(descriptor).pipe(
              Effect.map((known) => [{ tenantId: tenant_id, descriptor: known }]),
              // One that another version wrote must not keep the others from being known.
              Effect.catchAll((error) =>
                Effect.as(Effect.logWarning(`model ${model} of tenant ${tenant_id} cannot be read: ${error.message}`), [])
              )
            )
          )
        ),
        Effect.map((all) => all.flat())
      )
    ),

    changes: yield* changeFeed(database.connection, channel, fingerprint, pollInterval)
  })
})

/** Models of tenants, with their files, so that every node of a cluster has them and a backup does. */
export const layerModelStorePostgres: Layer.Layer<ModelStore, never, Database> = Layer.scoped(ModelStore, make)
