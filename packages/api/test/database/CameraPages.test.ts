import { describe, expect, layer } from "@effect/vitest"
import { pageStatement } from "@vigil/api/database/CameraQueryPostgres"
import { Database } from "@vigil/api/database/Database"
import { cameraCursors, CameraQuery } from "@vigil/core/CameraQuery"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Array, Console, Effect, Schema } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { newCamera } from "../Samples.js"

const total = 6000
const perSave = 500

const query = (given: Partial<CameraQuery>): CameraQuery => ({ ...Schema.decodeSync(CameraQuery)({}), ...given })

const percentile95 = (values: ReadonlyArray<number>) => [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]

describe("pages of 6,000 cameras", () => {
  layer(layerEmbeddedStores, { excludeTestServices: true })((it) => {
    it.effect(
      "come from an index, from their cursor on",
      () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const database = yield* Database
          const cameras = Array.makeBy(total, (i) => newCamera({ name: `Camera ${i}`, tags: i % 10 === 0 ? ["tenth"] : [] }))
          const saving = performance.now()
          for (const some of Array.chunksOf(cameras, perSave)) yield* store.createMany(defaultTenant, some)
          yield* Console.log(`${total} cameras added in ${Math.round(performance.now() - saving)} ms`)
          yield* database.system("analyze", (sql) => Effect.zipRight(sql`reset role`, sql`analyze cameras`))

          for (const sort of ["name", "created", "updated"] as const) {
            const times: Array<number> = []
            const seen = new Set<string>()
            let cursor: string | undefined
            do {
              const asked = { ...query({ sort, limit: 100 }), ...(cursor === undefined ? {} : { cursor }) }
              const start = performance.now()
              const page = yield* store.page(defaultTenant, asked)
              times.push(performance.now() - start)
              for (const { id } of page.cameras) seen.add(id)
              cursor = page.nextCursor
              const plan = yield* database.tenant("explain", defaultTenant, (sql) =>
                Effect.gen(function* () {
                  const [text, parameters] = pageStatement(sql, defaultTenant, asked, {
                    after: yield* cameraCursors.parse(asked)
                  }).compile()
                  return JSON.stringify(yield* sql.unsafe(`explain (format json) ${text}`, parameters))
                })
              )
              expect(plan, sort).toContain(`cameras_by_${{ name: "name", created: "creation", updated: "change" }[sort]}`)
              expect(plan, sort).not.toContain('"Sort"')
              if (cursor !== undefined && times.length > 2) expect(plan, sort).toMatch(/Index Cond[^}]*ROW\(/)
            } while (cursor !== undefined)
            expect(seen.size).toBe(total)
            yield* Console.log(`pages of 100 by ${sort}: p95 ${percentile95(times)?.toFixed(1)} ms of ${times.length}`)
          }
          const found = yield* store.page(defaultTenant, query({ tag: "tenth", search: "CAMERA 59", limit: 500 }))
          expect(found.cameras.length).toBe(11)

          // What was shown before is shown again where it is the same, and nothing else.
          const first = store.page(defaultTenant, query({ limit: 2 }))
          const { cameras: before } = yield* first
          yield* database.system(
            "change past the store",
            (sql) =>
              sql`update cameras set configuration = jsonb_set(configuration, '{tags}', '["odd"]') where id = ${before[1]?.id}`
          )
          const { cameras: after } = yield* first
          expect(after[0]).toBe(before[0])
          expect(after.map(({ tags }) => tags)).toEqual([["tenth"], ["odd"]])
        }),
      { timeout: 120_000 }
    )
  })
})
