import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { defaultTenant } from "@vigil/core/Ids"
import { EventStore } from "@vigil/core/port/EventStore"
import { Deferred, Effect, Fiber, Schedule, Schema } from "effect"
import { createHash } from "node:crypto"
import { unpacked } from "../Archive.js"
import { anyCameraId, entries, entry, newCamera, otherTenant, secondTenant } from "../Samples.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const Manifest = Schema.parseJson(
  Schema.Struct({
    format: Schema.Literal("vigil-export"),
    of: Schema.Struct({ type: Schema.String, id: Schema.String }),
    files: Schema.Array(Schema.Struct({ name: Schema.String, rows: Schema.Int, sha256: Schema.String }))
  })
)

/** The archive's text by table, checked against its manifest. */
const archiveOf = (path: string, cookie: string) =>
  Effect.gen(function* () {
    const { url } = yield* TestServer
    const response = yield* Effect.promise(() => fetch(`${url}/api/v1/privacy${path}`, { headers: { cookie } }))
    expect(response.status).toBe(200)
    expect(response.headers.get("content-type")).toBe("application/zip")
    const bytes = new Uint8Array(yield* Effect.promise(() => response.arrayBuffer()))
    const packed = yield* unpacked(bytes)
    const text = (name: string) => packed.get(name) ?? ""
    const manifest = yield* Schema.decode(Manifest)(text("manifest.json"))
    const tables = new Map<string, string>()
    for (const { name, rows, sha256 } of manifest.files) {
      const content = text(name)
      expect(createHash("sha256").update(content).digest("hex"), name).toBe(sha256)
      expect(content.split("\n"), name).toHaveLength(rows + 1)
      tables.set(name.replace(".jsonl", ""), content)
    }
    return { manifest, tables, all: [...tables.values()].join("") }
  })

const rowsOf = (text: string | undefined): ReadonlyArray<unknown> =>
  (text ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line))

describe("data export", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    const secret = "hunter2-of-the-gate"

    it.effect("has every table with rows of the tenant, whole, and nothing of others", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        yield* secondTenant
        const [camera, foreign] = [anyCameraId(), anyCameraId()]
        const { append } = yield* EventStore
        yield* append(camera, entries(camera, 4500))
        yield* append(foreign, [entry(foreign, 1, { customerId: otherTenant })])
        const body = { ...newCamera(), credentials: { username: "admin", password: secret } }
        const added = yield* visit({ method: "POST", path: "/api/v1/cameras", body, cookie: cookies.supervisor })
        expect(added.status, added.text).toBe(201)
        const { all, manifest, tables } = yield* archiveOf("/export", cookies.admin)
        expect(manifest.of).toEqual({ type: "tenant", id: defaultTenant })
        // Three pages.
        expect(manifest.files.filter(({ name }) => name.startsWith("events"))).toMatchObject([
          { name: "events.jsonl", rows: 4500 }
        ])
        expect(new Set(rowsOf(tables.get("events")).map((row) => JSON.stringify(row))).size).toBe(4500)
        expect(rowsOf(tables.get("users")).length).toBe(4)
        expect(rowsOf(tables.get("cameras"))).toMatchObject([
          { name: "Gate", configuration: { url: "rtsp://192.0.2.7/stream1" } }
        ])
        expect(rowsOf(tables.get("tenants"))).toMatchObject([{ id: defaultTenant }])
        expect(all).not.toContain(foreign)
        expect(all).not.toContain(otherTenant)
        const { system, tenant } = yield* Database
        const isolated = yield* system(
          "look",
          (sql) => sql<{ readonly relname: string }>`select relname from pg_class where relrowsecurity and relkind = 'r'`
        )
        for (const { relname } of isolated) {
          const [count] = yield* tenant(
            "count",
            defaultTenant,
            (sql) => sql<{ readonly n: number }>`select count(*)::int as n from ${sql(relname)}`
          )
          const isOwn = ["idempotency_keys", "outbox"].includes(relname)
          // The trail has one entry more by now, that of the export.
          if (!isOwn && relname !== "audit_entries") expect(rowsOf(tables.get(relname)).length, relname).toBe(count?.n)
        }
      })
    )

    it.effect("has no secret in it, and nothing that proves one", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const key = yield* visit({
          method: "POST",
          path: "/api/v1/api-keys",
          body: { name: "wall", scopes: ["read"] },
          cookie: cookies.admin
        })
        const { all } = yield* archiveOf("/export", cookies.admin)
        const session = cookies.admin.split("=")[1] ?? ""
        expect(session.length).toBeGreaterThan(20)
        expect(all).not.toContain(secret)
        expect(all).not.toContain(session)
        expect(all).not.toContain("$argon2")
        expect(all).not.toMatch(/"[a-z_]*(hash|secret|password)[a-z_]*": ?"[^"]*\\\\x/)
        for (const word of key.text.match(/[A-Za-z0-9_-]{24,}/g) ?? []) {
          if (!/^[0-9a-f-]{36}$/.test(word)) expect(all).not.toContain(word)
        }
        const { system } = yield* Database
        const hashes = yield* system(
          "look",
          (sql) => sql<{ readonly hash: string }>`
          select encode(token_hash, 'hex') as hash from sessions union select encode(key_hash, 'hex') from api_keys
          union select password_hash from users`
        )
        expect(hashes.length).toBeGreaterThan(5)
        for (const { hash } of hashes) expect(all).not.toContain(hash)
      })
    )

    it.effect("that breaks off does not look whole", () =>
      Effect.gen(function* () {
        const { cookies, url } = yield* TestServer
        const { system } = yield* Database
        const [held, over] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const holding = yield* Effect.fork(
          system("keep a table that is read late to ourselves, and cancel whoever waits for it", (sql) =>
            sql`lock table worker_tokens in access exclusive mode`.pipe(
              Effect.zipRight(sql`select set_config('role', 'none', true)`),
              Effect.zipRight(Deferred.succeed(held, undefined)),
              Effect.zipRight(
                sql`select pg_cancel_backend(pid) from pg_locks where relation = 'worker_tokens'::regclass and not granted`.pipe(
                  Effect.zipRight(Deferred.isDone(over)),
                  Effect.repeat({ until: (isOver) => isOver, schedule: Schedule.spaced("20 millis") })
                )
              )
            )
          )
        )
        yield* Deferred.await(held)
        const broken = yield* Effect.promise(async () => {
          const response = await fetch(`${url}/api/v1/privacy/export`, { headers: { cookie: cookies.admin } })
          return [
            response.status,
            await response.arrayBuffer().then(
              () => "whole",
              () => "broken"
            )
          ]
        })
        expect(broken).toEqual([200, "broken"])
        yield* Deferred.succeed(over, undefined)
        yield* Fiber.join(holding)
        expect((yield* archiveOf("/export", cookies.admin)).tables.has("users")).toBe(true)
      })
    )

    it.effect("of a user is for that user and administrators, has that user's rows alone, and is in the trail", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const me = yield* visit({ path: "/api/v1/session", cookie: cookies.viewer })
        const { id: viewer } = yield* Schema.decodeUnknown(Schema.Struct({ id: Schema.UUID }))(me.json)
        for (const cookie of [cookies.viewer, cookies.admin]) {
          const { all, manifest, tables } = yield* archiveOf(`/users/${viewer}/export`, cookie)
          expect(manifest.of).toEqual({ type: "user", id: viewer })
          expect(rowsOf(tables.get("users"))).toMatchObject([{ id: viewer, username: "viewer" }])
          expect(rowsOf(tables.get("sessions")).length).toBeGreaterThan(0)
          expect(tables.has("cameras")).toBe(false)
          expect(all).not.toContain('"username": "operator"')
        }
        const statusOf = (path: string, cookie: string) =>
          Effect.map(visit({ path: `/api/v1/privacy${path}`, cookie }), ({ status }) => status)
        expect(yield* statusOf(`/users/${viewer}/export`, cookies.operator)).toBe(403)
        expect(yield* statusOf(`/users/${crypto.randomUUID()}/export`, cookies.admin)).toBe(404)
        expect(yield* statusOf("/export", cookies.supervisor)).toBe(403)
        const trail = yield* visit({ path: `/api/v1/audit?action=privacy.export&subjectId=${viewer}`, cookie: cookies.admin })
        expect(trail.json).toMatchObject({ entries: [{ actor: { username: "root" } }, { actor: { username: "viewer" } }] })
      })
    )
  })
})
