import { describe, expect, layer } from "@effect/vitest"
import { defaultTenant } from "@vigil/core/Ids"
import { type IdempotencyKey, IdempotencyStore } from "@vigil/core/port/IdempotencyStore"
import { Effect, type Layer } from "effect"
import { otherTenant } from "../Samples.js"

const anyKey = (overrides: Partial<IdempotencyKey> = {}): IdempotencyKey => ({
  tenant: defaultTenant,
  caller: "zoë",
  key: crypto.randomUUID(),
  ...overrides
})

const answer = { status: 201, headers: { location: "/api/v1/things/1" }, body: "eyJ0b2tlbiI6InNlY3JldCJ9" }

/** What every store of idempotency keys must do; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const idempotencyStoreConformance = <E>(name: string, stores: Layer.Layer<IdempotencyStore, E>): void => {
  describe(`IdempotencyStore: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("begins once, tells that it is under way, and gives the answer again", () =>
        Effect.gen(function* () {
          const store = yield* IdempotencyStore
          const key = anyKey()
          expect(yield* store.begin(key, "a")).toEqual({ _tag: "Begun" })
          expect(yield* store.begin(key, "a")).toMatchObject({ _tag: "UnderWay", since: expect.anything() })
          yield* store.finish(key, answer)
          expect(yield* store.begin(key, "a")).toEqual({ _tag: "Answered", answer })
          expect(yield* store.begin(key, "a")).toEqual({ _tag: "Answered", answer })
        })
      )

      it.effect("knows a key of another request, under way and done", () =>
        Effect.gen(function* () {
          const store = yield* IdempotencyStore
          const key = anyKey()
          yield* store.begin(key, "a")
          expect(yield* store.begin(key, "b")).toEqual({ _tag: "OtherRequest" })
          yield* store.finish(key, null)
          expect(yield* store.begin(key, "b")).toEqual({ _tag: "OtherRequest" })
          expect(yield* store.begin(key, "a")).toEqual({ _tag: "AnswerLost" })
        })
      )

      it.effect("begins again what was released, but not what was finished", () =>
        Effect.gen(function* () {
          const store = yield* IdempotencyStore
          const key = anyKey()
          yield* store.begin(key, "a")
          yield* store.release(key)
          expect(yield* store.begin(key, "b")).toEqual({ _tag: "Begun" })
          yield* store.finish(key, answer)
          expect(yield* store.clean).toBe(0)
          expect(yield* store.begin(key, "b")).toEqual({ _tag: "Answered", answer })
        })
      )

      it.effect("keeps callers and tenants apart", () =>
        Effect.gen(function* () {
          const store = yield* IdempotencyStore
          const key = anyKey()
          for (const each of [key, { ...key, caller: "other" }, { ...key, tenant: otherTenant }]) {
            expect(yield* store.begin(each, "a")).toEqual({ _tag: "Begun" })
          }
        })
      )

      it.effect("begins one of many at the same time", () =>
        Effect.gen(function* () {
          const store = yield* IdempotencyStore
          const key = anyKey()
          const many = yield* Effect.replicateEffect(store.begin(key, "a"), 30, { concurrency: "unbounded" })
          expect(many.filter(({ _tag }) => _tag === "Begun")).toHaveLength(1)
          expect(many.filter(({ _tag }) => _tag === "UnderWay")).toHaveLength(29)
        })
      )
    })
  })
}
