import type { SqlClient } from "@effect/sql/SqlClient"
import { signingKeyRotated } from "@vigil/core/AuditChanges"
import { type SigningKey, SigningKeyStore } from "@vigil/core/port/SigningKeyStore"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { MasterKey } from "../secret/MasterKey.js"
import { seal, unseal } from "../secret/SecretBox.js"
import { signingKeyOwner } from "../secret/SealedColumns.js"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"

interface KeyRow {
  readonly id: string
  readonly private_key: Uint8Array
  readonly created_at: Date
}

const make = Effect.gen(function* () {
  const database = yield* Database
  const ring = yield* MasterKey

  const open = ({ created_at, id, private_key }: KeyRow) =>
    unseal(ring, signingKeyOwner(id), private_key).pipe(
      Effect.map((jwk): Option.Option<SigningKey> => Option.some({ id, jwk, createdAt: DateTime.unsafeMake(created_at) })),
      Effect.catchTag("SecretUnreadable", ({ detail }) =>
        Effect.as(Effect.logWarning(`the signing key ${id}: ${detail}`), Option.none())
      )
    )

  const insert = (sql: SqlClient, { createdAt, id, jwk }: SigningKey) =>
    sql`insert into signing_keys ${sql.insert({
      id,
      private_key: seal(ring, signingKeyOwner(id), Redacted.value(jwk)),
      created_at: DateTime.toDateUtc(createdAt)
    })}`

  return SigningKeyStore.of({
    all: database.system("read signing keys", (sql) =>
      sql<KeyRow>`select * from signing_keys order by created_at desc, id`.pipe(
        Effect.flatMap(Effect.forEach(open)),
        Effect.map((keys) => keys.flatMap(Option.toArray))
      )
    ),

    add: (key, since) =>
      Effect.asVoid(
        database.system("add signing key", (sql) =>
          Effect.gen(function* () {
            yield* sql`lock table signing_keys in share row exclusive mode`
            const newer = yield* sql`select from signing_keys where created_at > ${DateTime.toDateUtc(since)} limit 1`
            if (newer.length === 0) yield* insert(sql, key)
          })
        )
      ),

    replace: (tenant, key, only) =>
      database.system("replace signing key", (sql) =>
        Effect.gen(function* () {
          yield* sql`lock table signing_keys in share row exclusive mode`
          if (only) yield* sql`delete from signing_keys`
          yield* insert(sql, key)
          yield* writeAudit(sql, tenant, signingKeyRotated(key.id, only))
        })
      ),

    purge: (before) =>
      Effect.asVoid(
        database.system(
          "delete old signing keys",
          (sql) => sql`delete from signing_keys k where exists (
            select from signing_keys n where n.created_at > k.created_at and n.created_at <= ${DateTime.toDateUtc(before)})`
        )
      )
  })
})

export const layerSigningKeyStorePostgres: Layer.Layer<SigningKeyStore, never, Database | MasterKey> = Layer.effect(
  SigningKeyStore,
  make
)
