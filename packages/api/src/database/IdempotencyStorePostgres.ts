import {
  type Beginning,
  type IdempotencyKey,
  idempotencyLifetime,
  IdempotencyStore,
  KeptAnswer
} from "@vigil/core/port/IdempotencyStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { DateTime, Effect, Layer, Option, Redacted, Schedule, Schema } from "effect"
import { MasterKey } from "../secret/MasterKey.js"
import { seal, unseal } from "../secret/SecretBox.js"
import { Database } from "./Database.js"

interface KeyRow {
  readonly fingerprint: string
  readonly begun_at: Date
  readonly done: boolean
  readonly answer: Uint8Array | null
}

const lifetime = `${idempotencyLifetime} milliseconds`
const StoredAnswer = Schema.parseJson(KeptAnswer)
const encode = Schema.encodeSync(StoredAnswer)
const decode = Schema.decodeUnknownOption(StoredAnswer)

const ownerOf = ({ caller, key, tenant }: IdempotencyKey): string => `idempotency ${tenant} ${caller} ${key}`

const make = Effect.gen(function* () {
  const database = yield* Database
  const masterKey = yield* MasterKey

  const answerOf = (key: IdempotencyKey, box: Uint8Array): Effect.Effect<Beginning> =>
    unseal(masterKey, ownerOf(key), box).pipe(
      Effect.tapError((error) => Effect.logWarning(`the kept answer of an idempotency key: ${error.message}`)),
      Effect.option,
      Effect.map((text): Beginning => {
        const answer = Option.flatMap(text, (secret) => decode(Redacted.value(secret)))
        return Option.isNone(answer) ? { _tag: "AnswerLost" } : { _tag: "Answered", answer: answer.value }
      })
    )

  const beginningOf = (key: IdempotencyKey, row: KeyRow, fingerprint: string): Effect.Effect<Beginning> => {
    if (row.fingerprint !== fingerprint) return Effect.succeed({ _tag: "OtherRequest" })
    if (!row.done) return Effect.succeed({ _tag: "UnderWay", since: DateTime.unsafeFromDate(row.begun_at) })
    return row.answer === null ? Effect.succeed({ _tag: "AnswerLost" }) : answerOf(key, row.answer)
  }

  const begin = (key: IdempotencyKey, fingerprint: string): Effect.Effect<Beginning, StoreUnavailable> =>
    Effect.gen(function* () {
      const { caller, key: name, tenant } = key
      const { begun, row } = yield* database.tenant("begin with idempotency key", tenant, (sql) =>
        Effect.gen(function* () {
          yield* sql`delete from idempotency_keys
            where caller = ${caller} and key = ${name} and begun_at <= now() - ${lifetime}::interval`
          // Waits for whoever adds the same key at the same time.
          const added = yield* sql`insert into idempotency_keys (tenant_id, caller, key, fingerprint)
            values (${tenant}, ${caller}, ${name}, ${fingerprint}) on conflict do nothing returning key`
          const [known] = yield* sql<KeyRow>`select * from idempotency_keys where caller = ${caller} and key = ${name}`
          return { begun: added.length > 0, row: known }
        })
      )
      if (begun) return { _tag: "Begun" }
      // Released between the two statements: nobody has begun it.
      return yield* row === undefined ? begin(key, fingerprint) : beginningOf(key, row, fingerprint)
    })

  return IdempotencyStore.of({
    begin,

    finish: (key, answer) =>
      database.tenant("keep answer", key.tenant, (sql) => {
        const box = answer === null ? null : seal(masterKey, ownerOf(key), encode(answer))
        return Effect.asVoid(
          sql`update idempotency_keys set done = true, answer = ${box} where caller = ${key.caller} and key = ${key.key}`
        )
      }),

    release: (key) =>
      database.tenant("release idempotency key", key.tenant, (sql) =>
        Effect.asVoid(sql`delete from idempotency_keys where caller = ${key.caller} and key = ${key.key} and not done`)
      ),

    clean: database.system("clean idempotency keys", (sql) =>
      Effect.map(
        sql`delete from idempotency_keys where begun_at <= now() - ${lifetime}::interval returning 1 as one`,
        (rows) => rows.length
      )
    )
  })
})

const cleaning = (store: typeof IdempotencyStore.Service) =>
  store.clean.pipe(
    Effect.catchAll((error) => Effect.logDebug(`idempotency keys are cleaned in an hour: ${error.message}`)),
    Effect.repeat(Schedule.spaced("1 hour"))
  )

/** Keys in PostgreSQL, for all servers over one database; the ones that are too old are deleted every hour. */
export const layerIdempotencyStorePostgres: Layer.Layer<IdempotencyStore, never, Database | MasterKey> = Layer.scoped(
  IdempotencyStore,
  Effect.tap(make, (store) => Effect.forkScoped(cleaning(store)))
)
