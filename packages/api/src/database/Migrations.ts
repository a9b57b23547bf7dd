import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, type ParseResult } from "effect"
import { type ConnectionOptions, describe, openPool } from "./Connection.js"
import { DatabaseError } from "./DatabaseError.js"
import type { Migration } from "./Migration.js"
import { foundation } from "./migration/0001Foundation.js"
import { auditTrail } from "./migration/0002AuditTrail.js"
import { placement } from "./migration/0003Placement.js"
import { outbox } from "./migration/0004Outbox.js"
import { runtimeTable } from "./migration/0005RuntimeTable.js"
import { edges } from "./migration/0008Edges.js"
import { people } from "./migration/0009People.js"
import { places } from "./migration/0011Places.js"
import { publishTokens } from "./migration/0007PublishTokens.js"
import { tenants } from "./migration/0010Tenants.js"
import { settings } from "./migration/0012Settings.js"
import { auditChain } from "./migration/0013AuditChain.js"
import { models } from "./migration/0014Models.js"
import { idempotencyKeys } from "./migration/0015IdempotencyKeys.js"
import { erasures } from "./migration/0016Erasures.js"
import { signIn } from "./migration/0017SignIn.js"
import { identity } from "./migration/0018Identity.js"
import { grants } from "./migration/0019Grants.js"
import { placeRevisions } from "./migration/0020PlaceRevisions.js"
import { eventRemarks } from "./migration/0021EventRemarks.js"
import { auditInOneStatement } from "./migration/0022AppendAudit.js"
import { edgeErasures } from "./migration/0024EdgeErasures.js"
import { sealedAddresses } from "./migration/0025SealedAddresses.js"
import { disabling } from "./migration/0027Disabling.js"
import { camerasOfEdges } from "./migration/0028CamerasOfEdges.js"

/** All of them, in order. */
export const migrations: ReadonlyArray<Migration> = [
  foundation,
  auditTrail,
  placement,
  outbox,
  runtimeTable,
  publishTokens,
  edges,
  people,
  tenants,
  places,
  settings,
  auditChain,
  models,
  idempotencyKeys,
  erasures,
  signIn,
  identity,
  grants,
  placeRevisions,
  eventRemarks,
  auditInOneStatement,
  edgeErasures,
  sealedAddresses,
  disabling,
  camerasOfEdges
]

/** Advisory lock of this database that whoever changes its structure holds: `vigi` in ASCII. */
const structureLock = 0x76696769

const failed = (step: string) => (error: SqlError | ParseResult.ParseError) =>
  new DatabaseError({ step, detail: error._tag === "SqlError" ? describe(error) : error.message })

interface Applied {
  readonly id: number
  readonly name: string
}

const checkKnown = (applied: ReadonlyArray<Applied>, known: ReadonlyArray<Migration>): Effect.Effect<void, DatabaseError> => {
  const strange = applied.find(({ id, name }) => known.find((migration) => migration.id === id)?.name !== name)
  if (strange === undefined) return Effect.void
  return Effect.fail(
    new DatabaseError({
      step: "bring the database up to date",
      detail:
        `it has step ${strange.id} (${strange.name}), which this program does not know: it was written by a newer or another ` +
        "Vigil. Install that version, or use another database"
    })
  )
}

/** Runs the next step that is missing, alone among all nodes; says whether there was one. */
const step = (sql: SqlClient, known: ReadonlyArray<Migration>): Effect.Effect<boolean, DatabaseError | SqlError> =>
  sql.withTransaction(
    Effect.gen(function* () {
      yield* sql`select pg_advisory_xact_lock(${structureLock})`
      yield* sql`create table if not exists schema_migrations (
      id integer primary key, name text not null, applied_at timestamptz not null default now())`
      const applied = yield* sql<Applied>`select id, name from schema_migrations order by id`
      yield* checkKnown(applied, known)
      const next = known.find(({ id }) => !applied.some((done) => done.id === id))
      if (next === undefined) return false
      for (const statement of next.statements) {
        yield* Effect.mapError(sql.unsafe(statement), failed(`step ${next.id} (${next.name})`))
      }
      if (next.finish !== undefined) yield* Effect.mapError(next.finish(sql), failed(`step ${next.id} (${next.name})`))
      yield* sql`insert into schema_migrations (id, name) values (${next.id}, ${next.name})`
      return true
    })
  )

/** Brings the database to the structure that this program needs. Several nodes may do so at once. */
export const migrate = (
  to: ConnectionOptions,
  known: ReadonlyArray<Migration> = migrations
): Effect.Effect<void, DatabaseError> =>
  Effect.gen(function* () {
    const sql = yield* openPool(to, { server: 0, client: 0 }, 1)
    let more = true
    while (more) more = yield* step(sql, known)
  }).pipe(
    Effect.scoped,
    Effect.catchTag("SqlError", (error) => Effect.fail(failed("bring the database up to date")(error)))
  )
