import { describe, expect, layer } from "@effect/vitest"
import { LocalOperator } from "@vigil/api/auth/LocalOperator"
import { openPool } from "@vigil/api/database/Connection"
import { Database } from "@vigil/api/database/Database"
import { type AuditEntry, AuditPage } from "@vigil/core/AuditEntry"
import type { Camera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { Tenant } from "@vigil/core/Tenant"
import type { EventEntry } from "@vigil/core/Event"
import type { User } from "@vigil/core/User"
import { Effect, Option, Redacted, Schema } from "effect"
import { anyCameraId, entry, newCamera, otherTenant, secondTenant } from "../Samples.js"
import { rpcClient } from "./RpcVisitor.js"
import { cookieOf, layerTestServer, password, TestServer } from "./TestServer.js"

const decodePage = Schema.decodeUnknownSync(AuditPage)

const trail = (filter = "") =>
  Effect.gen(function* () {
    const { cookies, visit } = yield* TestServer
    return decodePage((yield* visit({ path: `/api/v1/audit?limit=500${filter}`, cookie: cookies.admin })).json).entries
  })

const short = ({ action, actor, after, before }: AuditEntry) => [actor.username, action, before, after]

describe("the audit trail", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("begins with the set-up, and tells who came in and who did not", () =>
      Effect.gen(function* () {
        const { signIn, visit } = yield* TestServer
        const all = [...(yield* trail())].reverse()
        expect(all.slice(0, 3).map(short)).toEqual([
          ["root", "set-up", null, { username: "root", role: "admin", password: "changed" }],
          ["root", "sign-in", null, null],
          ["root", "user.create", null, { username: "supervisor", role: "supervisor", password: "changed" }]
        ])
        expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1))
        expect(all.every(({ address }) => address?.endsWith("127.0.0.1"))).toBe(true)
        const attempt = (username: string) =>
          visit({ method: "POST", path: "/api/v1/session", body: { username, password: "my-secret-pass" } })
        yield* attempt("VIEWER")
        yield* attempt("my-secret-pass")
        const cookie = yield* signIn("viewer")
        yield* visit({ method: "DELETE", path: "/api/v1/session", cookie })
        const last = (yield* trail()).slice(0, 4)
        expect(last.map(({ action, actor }) => [actor.username, action])).toEqual([
          ["viewer", "sign-out"],
          ["viewer", "sign-in"],
          ["(unknown)", "sign-in.refused"],
          ["viewer", "sign-in.refused"]
        ])
        expect(last[0]?.subject).toEqual(last[1]?.subject)
        expect(last[3]?.actor.id).toBeNull()
        expect(JSON.stringify(yield* trail())).not.toContain("my-secret-pass")
      })
    )

    it.effect("tells changes of cameras, users and events, without a secret", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const ask = <A>(method: string, path: string, body?: unknown, cookie = cookies.admin) =>
          Effect.map(visit({ method, path: `/api/v1${path}`, body, cookie }), ({ json }) => json as A)
        const [first] = yield* trail()
        const camera = yield* ask<Camera>(
          "POST",
          "/cameras",
          { name: "A", url: "rtsp://root:hunter2@192.0.2.1/" },
          cookies.supervisor
        )
        yield* ask("PATCH", `/cameras/${camera.id}`, { credentials: { username: "root", password: "hunter3" } })
        yield* ask("POST", `/cameras/${camera.id}/restart`, undefined, cookies.operator)
        yield* ask("DELETE", `/cameras/${camera.id}`)
        const user = yield* ask<User>("POST", "/users", { username: "mover", role: "viewer", password })
        yield* ask("PATCH", `/users/${user.id}`, { role: "operator", password: "another good one" })
        const own = yield* visit({
          method: "POST",
          path: "/api/v1/session",
          body: { username: "mover", password: "another good one" }
        })
        yield* ask("PUT", "/session/password", { current: "another good one", next: "a third good one" }, cookieOf(own))
        yield* ask("DELETE", `/users/${user.id}`)
        const written = entry(anyCameraId(), 1)
        yield* (yield* EventStore).append(written.event.cameraId, [written])
        const status = { status: "RESOLVED" }
        yield* ask("PATCH", `/events/${written.event.eventId}`, status, cookies.operator)
        yield* ask("PATCH", `/events/${written.event.eventId}`, status, cookies.operator)
        const tagging = { addTags: ["post"], ticket: "INC-1" }
        yield* ask("PATCH", `/events/${written.event.eventId}`, tagging, cookies.operator)
        const noted = yield* ask<EventEntry>(
          "POST",
          `/events/${written.event.eventId}/notes`,
          { text: "It was Peter" },
          cookies.operator
        )
        expect(noted).toMatchObject({ tags: ["post"], ticket: "INC-1", notes: [{ by: "operator", text: "It was Peter" }] })
        const entries = [...(yield* trail())].filter(({ sequence }) => sequence > (first?.sequence ?? 0)).reverse()
        expect(entries.map(short)).toEqual([
          ["supervisor", "camera.create", null, expect.objectContaining({ name: "A", credentials: "changed" })],
          ["root", "camera.update", { revision: 1 }, { revision: 2, credentials: "changed" }],
          ["operator", "camera.restart", null, null],
          ["root", "camera.delete", expect.objectContaining({ name: "A", revision: 2 }), null],
          ["root", "user.create", null, { username: "mover", role: "viewer", password: "changed" }],
          ["root", "user.update", { username: "mover", role: "viewer" }, { role: "operator", password: "changed" }],
          ["mover", "sign-in", null, null],
          ["mover", "user.update", { username: "mover" }, { password: "changed" }],
          ["root", "user.delete", { username: "mover", role: "operator" }, null],
          ["operator", "event.status", { status: "NEW" }, { status: "RESOLVED" }],
          ["operator", "event.tags", { tags: [] }, { tags: ["post"] }],
          ["operator", "event.ticket", { ticket: null }, { ticket: "INC-1" }],
          ["operator", "event.note", { notes: 0 }, { notes: 1 }]
        ])
        expect(JSON.stringify(entries)).not.toMatch(/hunter|good one|argon2|Peter/)
      })
    )

    it.scoped("names the caller and the address of changes over RPC, whatever the messages claim", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const rpc = yield* rpcClient(cookies.supervisor)
        const camera = yield* rpc.CreateCamera({ camera: newCamera() })
        const admin = yield* rpcClient(cookies.admin)
        const { entries } = yield* admin.QueryAudit({ query: { subjectId: camera.id, limit: 5 } })
        expect(entries).toMatchObject([{ actor: { username: "supervisor" }, address: expect.stringContaining("127.0.0.1") }])
        expect(yield* Effect.flip(rpc.QueryAudit({ query: { limit: 5 } }))).toMatchObject({ _tag: "Forbidden", needed: "admin" })
      })
    )

    it.effect("is read by administrators, filtered and page by page", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        for (const cookie of [cookies.supervisor, cookies.operator, cookies.viewer]) {
          expect((yield* visit({ path: "/api/v1/audit", cookie })).status).toBe(403)
        }
        expect(
          (yield* trail("&actor=ROOT&action=user.create")).map(({ action, actor }) => [actor.username, action])
        ).toContainEqual(["root", "user.create"])
        expect(yield* trail("&actor=nobody")).toEqual([])
        const page = decodePage((yield* visit({ path: "/api/v1/audit?limit=2", cookie: cookies.admin })).json)
        const all = yield* trail()
        const whole = (filter = "", cookie = cookies.admin) => visit({ path: `/api/v1/audit/verification${filter}`, cookie })
        const [newest] = all
        expect((yield* whole()).json).toEqual({
          entries: all.length,
          mark: { sequence: newest?.sequence, hash: newest?.hash },
          broken: null
        })
        expect((yield* whole(`?sequence=1&hash=${"a".repeat(64)}`)).json).toMatchObject({
          broken: { kind: "changed", sequence: 1 }
        })
        expect((yield* whole("", cookies.supervisor)).status).toBe(403)
        const next = yield* trail(`&before=${page.next}`)
        expect(next[0]?.sequence).toBe((page.entries[1]?.sequence ?? 0) - 1)
        for (const wrong of ["action=nonsense", "before=0", "limit=501", "from=yesterday"]) {
          expect((yield* visit({ path: `/api/v1/audit?${wrong}`, cookie: cookies.admin })).status, wrong).toBe(400)
        }
      })
    )

    it.effect("has an entry of each change that was made, and of no other: both are written, or none", () =>
      Effect.gen(function* () {
        const store = yield* CameraStore
        const { id } = yield* store.create(defaultTenant, newCamera())
        const before = (yield* trail()).length
        yield* Effect.flip(store.update(defaultTenant, id, { name: "late" }, 7))
        yield* Effect.flip(store.remove(defaultTenant, anyCameraId()))
        expect((yield* trail()).length).toBe(before)

        const asOwner = (statement: string) =>
          Effect.scoped(
            Effect.flatMap(Database, ({ connection }) =>
              Effect.flatMap(openPool(connection, { server: 0, client: 0 }, 1), (sql) => sql.unsafe(statement))
            )
          )
        const cameras = yield* store.list(defaultTenant)
        yield* asOwner("alter table audit_entries add constraint full_up check (sequence < 0) not valid")
        for (const change of [
          store.create(defaultTenant, newCamera()),
          store.update(defaultTenant, id, { name: "late" }),
          store.remove(defaultTenant, id)
        ]) {
          expect(yield* Effect.flip<unknown, unknown, never>(change)).toMatchObject({ _tag: "StoreUnavailable" })
        }
        yield* asOwner("alter table audit_entries drop constraint full_up")
        expect(yield* store.list(defaultTenant)).toEqual(cameras)
        yield* store.remove(defaultTenant, id)
        const [newest] = yield* trail()
        expect(newest).toMatchObject({ sequence: before + 1, action: "camera.delete", actor: { id: null, username: "vigil" } })
      })
    )

    it.effect("can be added to, and neither changed nor deleted, by any role of the program", () =>
      Effect.gen(function* () {
        const database = yield* Database
        for (const statement of [
          "update audit_entries set actor_name = 'nobody'",
          "delete from audit_entries",
          "truncate audit_entries",
          "drop table audit_entries"
        ]) {
          for (const within of [
            database.tenant("tamper", defaultTenant, (sql) => sql.unsafe(statement)),
            database.system("tamper", (sql) => sql.unsafe(statement))
          ]) {
            expect((yield* Effect.flip(within)).detail, statement).toMatch(/permission denied|must be owner/)
          }
        }
        expect((yield* trail()).length).toBeGreaterThan(0)
      })
    )
  })
})

describe("tenants", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.scoped("are all listed for the operator of the machine, and the own one for an administrator", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { cookies, visit } = yield* TestServer
        yield* (yield* CameraStore).create(defaultTenant, newCamera())
        yield* (yield* CameraStore).create(otherTenant, newCamera())
        const authorization = `Bearer ${Redacted.value((yield* LocalOperator).token)}`
        const decode = Schema.decodeUnknownSync(Schema.Array(Tenant))
        const all = decode((yield* visit({ path: "/api/v1/tenants", headers: { authorization } })).json)
        expect(all).toMatchObject([
          { id: defaultTenant, name: "default", cameras: 1, users: 4 },
          { id: otherTenant, name: "second", cameras: 1, users: 0 }
        ])
        expect(decode((yield* visit({ path: "/api/v1/tenants", cookie: cookies.admin })).json)).toEqual(all.slice(0, 1))
        expect((yield* visit({ path: "/api/v1/tenants", cookie: cookies.supervisor })).status).toBe(403)
        const rpc = yield* rpcClient(cookies.admin)
        expect(Option.fromNullable((yield* rpc.ListTenants())[0])).toEqual(Option.some(all[0]))
      })
    )
  })
})
