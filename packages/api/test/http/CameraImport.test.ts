import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { readCsv, writeCsv } from "@vigil/api/sheet/Csv"
import { readXlsx, writeXlsx } from "@vigil/api/sheet/Xlsx"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Console, Effect, Redacted, Schema } from "effect"
import { otherTenant, secondTenant, newCamera } from "../Samples.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const octets = { "content-type": "application/octet-stream" }
const csv = (rows: ReadonlyArray<ReadonlyArray<string>>) => new TextEncoder().encode(writeCsv(rows))
const headings = [
  "name",
  "url",
  "username",
  "password",
  "enabled",
  "place",
  "tags",
  "location",
  "description",
  "Metadata.assetNo",
  "metadata"
]
const Ids = Schema.Struct({ cameras: Schema.Array(Schema.Struct({ id: Schema.UUID, name: Schema.String })) })

const door = Effect.map(TestServer, ({ cookies, url, visit }) => ({
  visit,
  cookies,
  url,
  bring: (file: Uint8Array, query = "", cookie = cookies.supervisor) =>
    visit({ method: "POST", path: `/api/v1/cameras/import${query}`, body: file, headers: octets, cookie }),
  cameras: (query = "") =>
    Effect.map(
      visit({ path: `/api/v1/cameras${query}`, cookie: cookies.viewer }),
      ({ json }) => Schema.decodeUnknownSync(Ids)(json).cameras
    )
}))

describe("many cameras at once", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("tells of each bad row, and adds nothing or the good ones", () =>
      Effect.gen(function* () {
        const { bring, cameras, cookies, visit } = yield* door
        yield* visit({
          method: "POST",
          path: "/api/v1/places",
          body: { kind: "site", name: "North" },
          cookie: cookies.supervisor
        })
        const file = csv([
          headings,
          ["Gate", "rtsp://192.0.2.10/1", "u", "hush hush", "no", "North", "a; b", "By the door", "=1+1", "007", '{"floor": 3}'],
          ["", "gopher://u:hush@x/", "", "", "maybe", "South", "", "", "", "", "no object"],
          [],
          ["Twice", "rtsp://192.0.2.10/1", "", "hush", "", "", ""],
          ["File", "file:///etc/passwd", "", "", "", "", ""],
          ["#REF!", "rtsp://192.0.2.11/1"],
          ["Without"]
        ])
        const dry = yield* bring(file, "?dryRun=true")
        expect(dry.status, dry.text).toBe(200)
        expect(dry.text).not.toContain("hush")
        expect(dry.json).toMatchObject({ dryRun: true, rows: 6, good: 1, added: 0 })
        const { problems } = Schema.decodeUnknownSync(
          Schema.Struct({
            problems: Schema.Array(Schema.Struct({ row: Schema.Int, column: Schema.String, detail: Schema.String }))
          })
        )(dry.json)
        expect(problems.map(({ column, row }) => `${row} ${column}`).sort()).toEqual([
          "3 enabled",
          "3 metadata",
          "3 name",
          "3 place",
          "5 url",
          "5 username",
          "6 url",
          "7 name",
          "8 url"
        ])
        expect((yield* bring(file)).json).toMatchObject({ added: 0, good: 1 })
        expect(yield* cameras()).toEqual([])
        expect((yield* bring(file, "?rows=good")).json).toMatchObject({ added: 1, good: 1 })
        const [gate] = yield* (yield* CameraStore).list(defaultTenant)
        if (gate === undefined) return expect.fail("nothing was added")
        expect(gate).toMatchObject({ name: "Gate", enabled: false, tags: ["a", "b"], hasCredentials: true })
        expect(gate.metadata).toEqual({ assetNo: "007", floor: 3 })
        expect(gate.placeId).not.toBeNull()
        const credentials = yield* (yield* (yield* CameraStore).secrets(gate.id)).credentials
        expect(Redacted.value(credentials.password)).toBe("hush hush")
        // The same file once more adds nothing twice.
        expect((yield* bring(file, "?rows=good")).json).toMatchObject({ added: 0, good: 0 })
      })
    )

    it.effect("gives back what it takes, without secrets", () =>
      Effect.gen(function* () {
        const { cookies, url, visit } = yield* door
        const answer = yield* visit({ path: "/api/v1/cameras/export.csv", cookie: cookies.supervisor })
        expect(answer.headers.get("content-type")).toContain("text/csv")
        expect(answer.text).not.toContain("hush")
        expect(yield* readCsv(answer.text)).toEqual([
          [
            "name",
            "url",
            "enabled",
            "transport",
            "place",
            "location",
            "description",
            "tags",
            "groups",
            "edge",
            "metadata.assetNo",
            "metadata.floor"
          ],
          ["Gate", "rtsp://192.0.2.10/1", "no", "auto", "North", "By the door", "=1+1", "a; b", "", "", "007", "3"]
        ])
        const response = yield* Effect.promise(() =>
          fetch(`${url}/api/v1/cameras/export.xlsx`, { headers: { cookie: cookies.supervisor } })
        )
        const workbook = new Uint8Array(yield* Effect.promise(() => response.arrayBuffer()))
        expect(yield* readXlsx(workbook)).toEqual(yield* readCsv(answer.text))
        expect((yield* visit({ path: "/api/v1/cameras/export.csv", cookie: cookies.operator })).status).toBe(403)
      })
    )

    it.effect("refuses what is no table, and whoever may not", () =>
      Effect.gen(function* () {
        const { bring, cookies } = yield* door
        expect((yield* bring(Uint8Array.of(0xff, 0xfe, 0))).json).toMatchObject({ type: "urn:vigil:problem:sheet" })
        expect((yield* bring(Uint8Array.of(0x50, 0x4b, 3, 4))).json).toMatchObject({ type: "urn:vigil:problem:sheet" })
        expect((yield* bring(csv([["name", "name", "colour"]]))).json).toMatchObject({
          added: 0,
          problems: [
            { row: 1, column: "name", detail: "is there twice" },
            { row: 1, column: "colour" },
            { row: 1, column: "url", detail: "is missing" }
          ]
        })
        const headless = yield* bring(csv([["Gate", "rtsp://u:hush@192.0.2.7/1"]]))
        expect(headless.json).toMatchObject({
          rows: 0,
          problems: [{ row: 1, detail: expect.stringContaining("must name the columns") }]
        })
        expect(headless.text).not.toContain("hush")
        const odd = yield* bring(
          csv([
            ["name", "url", "transport"],
            ["Gate", "rtsp://192.0.2.7/1", "sctp"]
          ])
        )
        expect(odd.json).toMatchObject({
          problems: [{ row: 2, column: "transport", detail: 'Expected one of "auto", "tcp", "udp", actual "sctp"' }]
        })
        expect((yield* bring(csv([["name", "url"]]), "", cookies.operator)).status).toBe(403)
      })
    )

    it.effect("changes many, each by itself", () =>
      Effect.gen(function* () {
        const { cameras, cookies, visit } = yield* door
        yield* secondTenant
        const store = yield* CameraStore
        const own = (yield* store.createMany(
          defaultTenant,
          [1, 2].map((i) => newCamera({ name: `Bulk ${i}`, tags: ["x"] }))
        )).map(({ id }) => id)
        const theirs = yield* store.create(otherTenant, newCamera())
        const change = (body: unknown, cookie = cookies.supervisor) =>
          visit({ method: "POST", path: "/api/v1/cameras/bulk", body: { ids: [...own, theirs.id], change: body }, cookie })
        const results = (done: boolean) => ({ results: [...own.map((id) => ({ id, done })), { id: theirs.id, done: false }] })
        const tagged = yield* change({ action: "tag", tags: ["x", "y"] })
        expect(tagged.json).toMatchObject(results(true))
        expect(tagged.text).toContain("urn:vigil:problem:camera-not-found")
        expect((yield* cameras("?tag=y")).length).toBe(2)
        expect((yield* change({ action: "untag", tags: ["x"] })).json).toMatchObject(results(true))
        expect(yield* cameras("?tag=x")).toEqual([])
        expect((yield* change({ action: "disable" })).json).toMatchObject(results(true))
        expect((yield* change({ action: "move", placeId: crypto.randomUUID() })).json).toMatchObject(results(false))
        expect((yield* change({ action: "delete" }, cookies.operator)).status).toBe(403)
        expect((yield* change({ action: "delete" })).json).toMatchObject(results(true))
        expect((yield* cameras()).some(({ id }) => own.some((other) => other === id))).toBe(false)
        expect((yield* store.get(otherTenant, theirs.id)).revision).toBe(1)
      })
    )

    it.effect(
      "takes 2,000 cameras from a workbook",
      () =>
        Effect.gen(function* () {
          const { bring, cookies, visit } = yield* door
          const store = yield* CameraStore
          const rows = Array.from({ length: 2000 }, (_, i) => [
            `Row ${i}`,
            `rtsp://192.0.2.20/${i}`,
            "root",
            `pass${i}`,
            "no",
            "North",
            "many"
          ])
          const file = yield* writeXlsx([headings, ...rows])
          const start = performance.now()
          expect((yield* bring(file)).json).toMatchObject({ rows: 2000, added: 2000, problems: [] })
          yield* Console.log(`2,000 cameras from ${file.length} bytes of XLSX in ${Math.round(performance.now() - start)} ms`)
          const before = yield* store.page(defaultTenant, {
            name: "row 1999",
            sort: "name",
            descending: false,
            limit: 1,
            count: false
          })
          expect(before.cameras).toMatchObject([{ name: "Row 1999", tags: ["many"], enabled: false, hasCredentials: true }])

          const ids = (yield* store.list(defaultTenant)).filter(({ tags }) => tags.includes("many")).map(({ id }) => id)
          const body = { ids: ids.slice(0, 1000), change: { action: "tag", tags: ["bulk"] } }
          const begun = performance.now()
          const tagged = yield* visit({ method: "POST", path: "/api/v1/cameras/bulk", body, cookie: cookies.supervisor })
          yield* Console.log(`1,000 cameras tagged in ${Math.round(performance.now() - begun)} ms`)
          expect(tagged.json).toEqual({ results: body.ids.map((id) => ({ id, done: true })) })
          const [written] = yield* (yield* Database).system(
            "count transactions",
            (sql) => sql<{ readonly cameras: number; readonly transactions: number }>`
              select count(*)::int as cameras, count(distinct xmin::text)::int as transactions
              from cameras where configuration -> 'tags' ? 'bulk'`
          )
          expect(written).toEqual({ cameras: 1000, transactions: 5 })
          const trail = yield* visit({ path: "/api/v1/audit?action=camera.update&limit=100", cookie: cookies.admin })
          expect(trail.json).toMatchObject({
            entries: Array.from({ length: 100 }, () => ({ before: { tags: ["many"] }, after: { tags: ["many", "bulk"] } }))
          })
        }),
      { timeout: 120_000 }
    )
  })
})
