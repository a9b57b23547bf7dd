import { describe, expect, layer } from "@effect/vitest"
import { ObjectHistory } from "@vigil/core/ObjectHistory"
import { Rollback } from "@vigil/core/Rollback"
import { Effect, Schema } from "effect"
import { ask, did, rollbackCases } from "./rollback/RollbackCases.js"
import { newTenant } from "./tenancy/Things.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const decodeHistory = Schema.decodeUnknownSync(ObjectHistory)
const decodeRollback = Schema.decodeUnknownSync(Rollback)

let known: Effect.Effect.Success<ReturnType<typeof newTenant>> | undefined

/** The administrator of another tenant, the same each time. */
const stranger = Effect.suspend(() =>
  known === undefined ? Effect.tap(newTenant("strangers"), (made) => Effect.sync(() => (known = made))) : Effect.succeed(known)
)

describe("the way back to a version, of every type", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect.each(rollbackCases)("goes back to its first version: $type", (each) =>
      Effect.gen(function* () {
        const { changes, read, tooLittle, type, who } = each
        const id = yield* each.make
        const history = `/history/${type}/${id}`
        const versions = Effect.map(did(who, "GET", history), ({ json }) => decodeHistory(json).versions)
        const [first] = yield* versions
        const before = yield* read(id)
        const [change = Effect.void, ...others] = changes(id)
        yield* change
        const once = yield* versions
        yield* change
        expect(yield* versions, "the same change a second time").toEqual(once)
        yield* Effect.forEach(others, (other) => other)
        const [changed] = yield* versions
        const wish = { revision: first?.revision }
        expect((yield* ask(tooLittle, "POST", `${history}/rollback`, wish)).status).toBe(403)
        expect((yield* ask(who, "POST", `${history}/rollback`, { revision: 99 })).status).toBe(404)
        expect((yield* ask(who, "POST", `${history}/rollback`, wish, { "if-match": '"77"' })).status).toBe(412)
        const { cookie } = yield* stranger
        const { visit } = yield* TestServer
        const foreign = yield* visit({ method: "POST", path: `/api/v1${history}/rollback`, body: wish, cookie })
        expect(foreign.status).toBe(["tenant", "licence"].includes(type) ? 403 : 404)

        const dry = yield* did(who, "POST", `${history}/rollback`, { ...wish, dryRun: true })
        expect(yield* read(id)).not.toEqual(before)
        expect((yield* versions)[0]).toEqual(changed)

        const done = decodeRollback((yield* did(who, "POST", `${history}/rollback`, wish)).json)
        expect(yield* read(id)).toEqual(before)
        const [newest] = yield* versions
        expect(newest).toMatchObject({
          revision: (changed?.revision ?? 0) + 1,
          rolledBackTo: first?.revision,
          action: `${type}.rollback`,
          values: first?.values
        })
        expect(done).toEqual({ ...decodeRollback(dry.json), dryRun: false, revision: newest?.revision })
        expect(done.fields.length).toBeGreaterThan(0)
        const again = decodeRollback((yield* did(who, "POST", `${history}/rollback`, wish)).json)
        expect(again).toMatchObject({ fields: [], revision: newest?.revision })
        // What changed once only has no two ways to go that lead elsewhere.
        if (others.length === 0) return

        const goals = [changed, [...(yield* versions)].at(-2)].map((goal) => goal?.revision)
        const race = yield* Effect.forEach(
          [...goals, ...goals],
          (revision) => ask(who, "POST", `${history}/rollback`, { revision }, { "if-match": `"${newest?.revision}"` }),
          { concurrency: 4 }
        )
        // Whoever wanted the same as the first found it done, or was too late.
        const won = race.flatMap(({ json, status }) => (status === 200 ? [decodeRollback(json).to] : []))
        expect(new Set(won).size, "different ones that won").toBe(1)
        // A model that is off already cannot be switched off.
        expect(race.filter(({ status }) => status === 412 || status === 409)).toHaveLength(4 - won.length)
        expect((yield* versions)[0]).toMatchObject({ revision: (newest?.revision ?? 0) + 1, rolledBackTo: won[0] })
      })
    )

    it.effect.each(rollbackCases.filter(({ remove }) => remove !== undefined))("after it was removed: $type", (each) =>
      Effect.gen(function* () {
        const { gone, make, read, remove, type, who } = each
        const id = yield* make
        const before = yield* read(id)
        yield* remove?.(id) ?? Effect.void
        const answer = yield* ask(who, "POST", `/history/${type}/${id}/rollback`, { revision: 1 })
        if (gone !== undefined) {
          expect([answer.status, answer.text]).toEqual([409, expect.stringMatching(gone)])
          return
        }
        expect(decodeRollback(answer.json)).toMatchObject({ restored: true, to: 1, revision: 3 })
        expect(yield* read(id)).toEqual(before)
      })
    )

    it.effect.each(rollbackCases.filter(({ outgrow }) => outgrow !== undefined))(
      "does not go where it does not fit: $type",
      (each) =>
        Effect.gen(function* () {
          const { make, outgrow, read, type, who } = each
          const id = yield* make
          const { detail, kind, revision } = yield* outgrow?.(id) ?? Effect.die("nothing to outgrow")
          const before = yield* read(id)
          const answer = yield* ask(who, "POST", `/history/${type}/${id}/rollback`, { revision })
          expect([answer.status, answer.json]).toEqual([
            409,
            expect.objectContaining({ type: `urn:vigil:problem:${kind}`, detail: expect.stringMatching(detail) })
          ])
          expect(yield* read(id)).toEqual(before)
        })
    )
  })
})
