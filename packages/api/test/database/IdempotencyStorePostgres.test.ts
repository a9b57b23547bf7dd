import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { defaultTenant } from "@vigil/core/Ids"
import { IdempotencyStore } from "@vigil/core/port/IdempotencyStore"
import { Effect } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"

const secret = "a token that is told once"
const answer = { status: 201, headers: {}, body: Buffer.from(secret).toString("base64") }
const keyOf = (key: string) => ({ tenant: defaultTenant, caller: "zoë", key })

describe("idempotency keys in PostgreSQL", () => {
  layer(layerEmbeddedStores, { excludeTestServices: true })((it) => {
    it.effect("keep answers sealed, each for its key alone", () =>
      Effect.gen(function* () {
        const store = yield* IdempotencyStore
        const database = yield* Database
        for (const name of ["one", "two"]) {
          yield* store.begin(keyOf(name), "a")
          yield* store.finish(keyOf(name), answer)
        }
        const [row] = yield* database.system(
          "read",
          (sql) => sql<{ readonly text: string }>`select encode(answer, 'escape') as text from idempotency_keys where key = 'one'`
        )
        expect(row?.text).toBeTypeOf("string")
        expect(row?.text).not.toContain(answer.body)
        yield* database.system(
          "swap",
          (sql) =>
            sql`update idempotency_keys set answer = (select answer from idempotency_keys where key = 'two') where key = 'one'`
        )
        expect(yield* store.begin(keyOf("two"), "a")).toEqual({ _tag: "Answered", answer })
        expect(yield* store.begin(keyOf("one"), "a")).toEqual({ _tag: "AnswerLost" })
      })
    )

    it.effect("are forgotten after 24 hours", () =>
      Effect.gen(function* () {
        const store = yield* IdempotencyStore
        const database = yield* Database
        const age = (name: string, hours: number) =>
          database.system(
            "age",
            (sql) => sql`update idempotency_keys set begun_at = now() - ${`${hours} hours`}::interval where key = ${name}`
          )
        for (const name of ["young", "old", "older"]) yield* store.begin(keyOf(name), "a")
        yield* age("young", 23.9)
        yield* age("old", 24.1)
        yield* age("older", 24.1)
        expect(yield* store.begin(keyOf("older"), "b")).toEqual({ _tag: "Begun" })
        expect(yield* store.clean).toBe(1)
        expect(yield* store.begin(keyOf("young"), "a")).toMatchObject({ _tag: "UnderWay" })
        expect(yield* store.begin(keyOf("old"), "b")).toEqual({ _tag: "Begun" })
      })
    )
  })
})
