import { discoveryCancelled, discoveryStarted } from "@vigil/core/AuditChanges"
import { asOf, Discovery, shownDiscovery } from "@vigil/core/Discovery"
import type { DiscoveryId } from "@vigil/core/Ids"
import { alreadyRunning, DiscoveryNotFound, DiscoveryStore, keptDiscoveries } from "@vigil/core/port/DiscoveryStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import type { KeyRing } from "../secret/KeyRing.js"
import { MasterKey } from "../secret/MasterKey.js"
import { discoveryOwner } from "../secret/SealedColumns.js"
import { seal, unseal } from "../secret/SecretBox.js"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"

interface DiscoveryRow {
  readonly document: unknown
}

interface SealedRow extends DiscoveryRow {
  readonly sealed: Uint8Array | null
}

const Text = Schema.parseJson(Discovery)
const encode = Schema.encodeSync(Text)
const decodeText = Schema.decodeUnknown(Text)
const decode = Schema.decodeUnknown(Discovery)

/** A discovery's row, but for what never changes of it; where something of it is a secret, all of it once more in a box. */
const discoveryColumns = (key: KeyRing, discovery: Discovery) => {
  const [whole, shown] = [encode(discovery), encode(shownDiscovery(discovery))]
  return {
    state: discovery.state,
    updated_at: DateTime.toDateUtc(discovery.updatedAt),
    document: shown,
    sealed: shown === whole ? null : seal(key, discoveryOwner(discovery.id), whole)
  }
}

const read = ({ document }: DiscoveryRow) => Effect.zipWith(decode(document), DateTime.now, asOf)

const unreadable = (id: DiscoveryId, why: string) =>
  new StoreUnavailable({ operation: "read discovery", detail: `addresses of discovery ${id}: ${why}` })

const one = <A>(rows: ReadonlyArray<A>, id: DiscoveryId) =>
  Effect.mapError(Effect.fromNullable(rows[0]), () => new DiscoveryNotFound({ discoveryId: id }))

const make = Effect.gen(function* () {
  const database = yield* Database
  const key = yield* MasterKey

  const readWhole = (id: DiscoveryId, { document, sealed }: SealedRow) =>
    Effect.gen(function* () {
      if (sealed === null) return yield* read({ document })
      const text = yield* unseal(key, discoveryOwner(id), sealed)
      return asOf(yield* decodeText(Redacted.value(text)), yield* DateTime.now)
    }).pipe(
      Effect.catchTags({
        SecretUnreadable: ({ detail }) => unreadable(id, detail),
        ParseError: () => unreadable(id, "they are none")
      })
    )

  return DiscoveryStore.of({
    add: (discovery) =>
      database.tenant("start discovery", discovery.tenantId, (sql) =>
        Effect.gen(function* () {
          // Two that start at the same time: one waits here, and then sees the other.
          yield* sql`select id from tenants where id = ${discovery.tenantId} for no key update`
          const newest = yield* sql<DiscoveryRow>`select document from discoveries order by started_at desc limit 1`
          const [last] = yield* Effect.forEach(newest, read)
          if (last?.state === "running") return yield* alreadyRunning()
          yield* sql`insert into discoveries ${sql.insert({
            id: discovery.id,
            tenant_id: discovery.tenantId,
            started_at: DateTime.toDateUtc(discovery.startedAt),
            ...discoveryColumns(key, discovery)
          })}`
          yield* sql`delete from discoveries where id in (
            select id from discoveries order by started_at desc offset ${keptDiscoveries})`
          yield* writeAudit(sql, discovery.tenantId, discoveryStarted(discovery))
        })
      ),

    report: (discovery) =>
      database.tenant("report discovery", discovery.tenantId, (sql) =>
        Effect.map(
          sql`update discoveries set ${sql.update(discoveryColumns(key, discovery))}
            where id = ${discovery.id} and state = 'running' returning id`,
          (rows) => rows.length > 0
        )
      ),

    cancel: (tenant, id) =>
      database.tenant("cancel discovery", tenant, (sql) =>
        Effect.gen(function* () {
          const rows = yield* sql<SealedRow>`select document, sealed from discoveries where id = ${id} for no key update`
          const found = yield* readWhole(id, yield* one(rows, id))
          if (found.state !== "running") return shownDiscovery(found)
          const cancelled = Discovery.make({ ...found, state: "cancelled" })
          yield* sql`update discoveries set ${sql.update(discoveryColumns(key, cancelled))} where id = ${id}`
          yield* writeAudit(sql, tenant, discoveryCancelled(cancelled))
          return shownDiscovery(cancelled)
        })
      ),

    get: (tenant, id) =>
      database.tenant("read discovery", tenant, (sql) =>
        sql<DiscoveryRow>`select document from discoveries where id = ${id}`.pipe(
          Effect.flatMap((rows) => one(rows, id)),
          Effect.flatMap(read)
        )
      ),

    whole: (tenant, id) =>
      database.tenant("read discovery", tenant, (sql) =>
        sql<SealedRow>`select document, sealed from discoveries where id = ${id}`.pipe(
          Effect.flatMap((rows) => one(rows, id)),
          Effect.flatMap((row) => readWhole(id, row))
        )
      ),

    list: (tenant) =>
      database.tenant("list discoveries", tenant, (sql) =>
        Effect.flatMap(sql<DiscoveryRow>`select document from discoveries order by started_at desc, id`, Effect.forEach(read))
      )
  })
})

/** Discoveries in PostgreSQL, so that any node tells of those that another runs, and cancels them. */
export const layerDiscoveryStorePostgres: Layer.Layer<DiscoveryStore, never, Database | MasterKey> = Layer.effect(
  DiscoveryStore,
  make
)
