import { describe, expect, layer } from "@effect/vitest"
import { rollbacks } from "@vigil/api/application/Rollbacks"
import type { Camera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Rollback } from "@vigil/core/Rollback"
import type { User } from "@vigil/core/User"
import { Effect, Option, Redacted, Schema } from "effect"
import { ask, did, polygon, readyModel, rollbackOf } from "./rollback/RollbackCases.js"
import { httpCalls } from "./tenancy/Calls.js"
import { layerTestServer, password, TestServer } from "./TestServer.js"

const decodeRollback = Schema.decodeUnknownSync(Rollback)
const newSite = Effect.suspend(() =>
  Effect.map(
    did("supervisor", "POST", "/places", { kind: "site", name: crypto.randomUUID() }),
    ({ json }) => (json as { readonly id: string }).id
  )
)

describe("the way back to a version", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("gives a camera back what it was, as a new revision that the trail tells of", () =>
      Effect.gen(function* () {
        const first = (yield* ask("supervisor", "POST", "/cameras", {
          name: "Yard",
          url: "rtsp://u:hunter2@192.0.2.1/?pwd=hunter3"
        })).json as Camera
        const path = `/cameras/${first.id}`
        yield* ask("supervisor", "PATCH", path, {
          name: "Other",
          zones: [{ name: "Lawn", polygon }],
          tags: ["a"],
          detection: { framesPerSecond: 2, gate: "always" }
        })
        const at = (revision: number) => [{ revision: 1 }, { "if-match": `"${revision}"` }] as const
        expect((yield* ask("supervisor", "POST", rollbackOf(first), ...at(1))).status).toBe(412)
        const back = yield* ask("supervisor", "POST", rollbackOf(first), ...at(2))
        expect(decodeRollback(back.json)).toMatchObject({
          to: 1,
          revision: 3,
          restored: false,
          secrets: [],
          fields: expect.arrayContaining([{ field: "name", before: "Other", after: "Yard" }])
        })
        expect([back.status, back.headers.get("etag")]).toEqual([200, '"3"'])
        const { revision, updatedAt, ...configuration } = (yield* ask("supervisor", "GET", path)).json as Camera
        expect(revision).toBe(3)
        expect(first).toMatchObject(configuration)
        const { address, credentials } = yield* (yield* CameraStore).secrets(first.id)
        expect(Redacted.value(Option.getOrThrow(credentials).password)).toBe("hunter2")
        expect(Redacted.value(Option.getOrThrow(address))).toBe("rtsp://192.0.2.1/?pwd=hunter3")
        const [newest] = (yield* (yield* AuditStore).query(defaultTenant, { subjectId: first.id, limit: 1 })).entries
        expect(newest).toMatchObject({
          action: "camera.rollback",
          actor: { username: "supervisor" },
          after: { name: "Yard", rolledBackTo: 1 }
        })
        expect((yield* ask("supervisor", "POST", rollbackOf(first), { revision: 9 })).status).toBe(404)
      })
    )

    it.effect("takes no password along to another host", () =>
      Effect.gen(function* () {
        const { id } = (yield* ask("supervisor", "POST", "/cameras", { name: "Hall", url: "rtsp://192.0.2.1/1" })).json as Camera
        yield* ask("supervisor", "PATCH", `/cameras/${id}`, { url: "rtsp://u:p@192.0.2.2/1" })
        const refused = yield* ask("supervisor", "POST", rollbackOf({ id }), { revision: 1 })
        expect(refused.status).toBe(400)
        expect(refused.json).toMatchObject({ detail: expect.stringContaining("give the user name and password again") })
        const back = yield* ask("supervisor", "POST", rollbackOf({ id }), { revision: 1, credentials: null })
        expect(decodeRollback(back.json)).toMatchObject({ revision: 3, secrets: ["credentials"] })
        expect((yield* ask("supervisor", "GET", `/cameras/${id}`)).json).toMatchObject({
          url: "rtsp://192.0.2.1/1",
          hasCredentials: false,
          revision: 3
        })
      })
    )

    it.effect("brings a removed camera back without its password, unless it is given again", () =>
      Effect.gen(function* () {
        const wanted = { name: "Cellar", url: "rtsp://192.0.2.3/1", credentials: { username: "u", password: "hunter2" } }
        const { id } = (yield* ask("supervisor", "POST", "/cameras", wanted)).json as Camera
        const removeAndRestore = (body: object) =>
          Effect.zipRight(
            ask("supervisor", "DELETE", `/cameras/${id}`),
            ask("supervisor", "POST", rollbackOf({ id }), { revision: 1, ...body })
          )
        const bare = yield* removeAndRestore({})
        expect(decodeRollback(bare.json)).toMatchObject({ restored: true, secrets: ["credentials"] })
        expect((yield* ask("supervisor", "GET", `/cameras/${id}`)).json).toMatchObject({
          name: "Cellar",
          hasCredentials: false,
          revision: 3
        })
        yield* removeAndRestore({ credentials: { username: "u", password: "hunter5" } })
        expect((yield* ask("supervisor", "GET", `/cameras/${id}`)).json).toMatchObject({ hasCredentials: true, revision: 5 })
        expect((yield* ask("supervisor", "GET", `/history/camera/${id}`)).text + bare.text).not.toContain("hunter")
      })
    )

    it.effect("takes a privacy mask away for administrators only", () =>
      Effect.gen(function* () {
        const camera = (yield* ask("supervisor", "POST", "/cameras", { name: "Yard", url: "rtsp://192.0.2.9/1" })).json as Camera
        yield* ask("supervisor", "PATCH", `/cameras/${camera.id}`, { masks: [{ name: "Window", polygon }] })
        expect((yield* ask("supervisor", "POST", rollbackOf(camera), { revision: 1 })).status).toBe(403)
        expect((yield* ask("admin", "POST", rollbackOf(camera), { revision: 1 })).status).toBe(200)
      })
    )

    it.effect("says when an address cannot come back, because its secret is kept nowhere", () =>
      Effect.gen(function* () {
        const { id } = (yield* ask("supervisor", "POST", "/cameras", { name: "Roof", url: "http://192.0.2.1/?pwd=hunter3" }))
          .json as Camera
        yield* ask("supervisor", "PATCH", `/cameras/${id}`, { url: "http://192.0.2.1/other" })
        const refused = yield* ask("supervisor", "POST", rollbackOf({ id }), { revision: 1 })
        expect([refused.status, refused.text]).toEqual([409, expect.stringContaining("kept nowhere: change the address by hand")])
      })
    )

    it.effect("goes back to what was there before anybody changed it", () =>
      Effect.gen(function* () {
        const site = yield* newSite
        const path = `/settings/sites/${site}`
        const before = (yield* did("supervisor", "GET", path)).json
        yield* did("supervisor", "PATCH", path, { "segment.duration": 4 })
        const { json } = yield* did("supervisor", "POST", `/history/settings/${site}/rollback`, { revision: 0 })
        expect(decodeRollback(json)).toMatchObject({ to: 0, revision: 2 })
        expect((yield* did("supervisor", "GET", path)).json).toEqual({ ...Object(before), revision: 2 })
        const camera = (yield* did("supervisor", "POST", "/cameras", { name: "Hall", url: "rtsp://192.0.2.8/1" })).json as Camera
        expect((yield* ask("supervisor", "POST", rollbackOf(camera), { revision: 0 })).status).toBe(404)
      })
    )

    it.effect("brings a site back, and then what was said there, whose revisions go on", () =>
      Effect.gen(function* () {
        const site = yield* newSite
        const path = `/settings/sites/${site}`
        yield* did("supervisor", "PATCH", path, { "segment.duration": 4 })
        yield* did("supervisor", "PATCH", path, { "segment.duration": 6 })
        yield* did("supervisor", "DELETE", `/places/${site}`)
        expect((yield* ask("supervisor", "POST", `/history/settings/${site}/rollback`, { revision: 1 })).status).toBe(409)
        yield* did("supervisor", "POST", `/history/place/${site}/rollback`, { revision: 1 })
        expect((yield* did("supervisor", "GET", path)).json).toMatchObject({ revision: 2 })
        const back = yield* ask(
          "supervisor",
          "POST",
          `/history/settings/${site}/rollback`,
          { revision: 1 },
          { "if-match": '"2"' }
        )
        expect(decodeRollback(back.json)).toMatchObject({ revision: 3 })
        expect((yield* did("supervisor", "GET", path)).json).toMatchObject({
          revision: 3,
          settings: expect.arrayContaining([expect.objectContaining({ key: "segment.duration", value: 4 })])
        })
      })
    )

    it.effect("is open to whoever is limited to places as far as what is there now is in reach", () =>
      Effect.gen(function* () {
        const { signIn, visit } = yield* TestServer
        const [here, elsewhere] = [yield* newSite, yield* newSite]
        const user = (yield* did("admin", "POST", "/users", { username: "limited", role: "supervisor", password })).json as User
        yield* did("admin", "PUT", `/users/${user.id}/grants`, { places: [here], groups: [] })
        const cookie = yield* signIn("limited")
        const attempt = (camera: Camera) =>
          Effect.map(
            visit({ method: "POST", path: `/api/v1${rollbackOf(camera)}`, body: { revision: 1 }, cookie }),
            ({ status }) => status
          )
        const made = (placeId: string, name: string) =>
          Effect.map(
            did("supervisor", "POST", "/cameras", { name, url: `rtsp://${name}.example/1`, placeId }),
            ({ json }) => json as Camera
          )
        const [near, far] = [yield* made(here, "near"), yield* made(elsewhere, "far")]
        expect([yield* attempt(near), yield* attempt(far)]).toEqual([200, 404])
        yield* did("supervisor", "DELETE", `/cameras/${near.id}`)
        expect(yield* attempt(near)).toBe(404)
        const moved = yield* made(elsewhere, "moved")
        yield* did("supervisor", "PATCH", `/cameras/${moved.id}`, { placeId: here })
        expect(yield* attempt(moved)).toBe(409)
      })
    )

    it.effect("gives a camera the model back that it had, while there is one", () =>
      Effect.gen(function* () {
        yield* readyModel("ladders", "1")
        yield* did("admin", "POST", "/models/ladders/versions/1/activate")
        const detection = { model: "ladders", framesPerSecond: 5, gate: "motion" }
        const wanted = { name: "Loft", url: "rtsp://192.0.2.4/1", detection }
        const camera = (yield* did("supervisor", "POST", "/cameras", wanted)).json as Camera
        yield* did("supervisor", "PATCH", `/cameras/${camera.id}`, { detection: { framesPerSecond: 5, gate: "motion" } })
        yield* did("admin", "POST", "/models/ladders/deactivate")
        const refused = yield* ask("supervisor", "POST", rollbackOf(camera), { revision: 1 })
        expect([refused.status, refused.text]).toEqual([409, expect.stringContaining("there is no such model")])
        yield* did("admin", "POST", "/history/model/ladders/rollback", { revision: 1 })
        yield* did("supervisor", "POST", rollbackOf(camera), { revision: 1 })
        expect((yield* did("supervisor", "GET", `/cameras/${camera.id}`)).json).toMatchObject({ detection, revision: 3 })
      })
    )

    it.effect("says of a version that is not valid any more what is wrong with it", () =>
      Effect.gen(function* () {
        const site = yield* newSite
        const after = { name: "North/South", revision: 2 }
        const said = { action: "place.update", subject: { type: "place", id: site }, before: { name: "North" }, after } as const
        yield* (yield* AuditStore).append(defaultTenant, said)
        const answer = yield* ask("supervisor", "POST", `/history/place/${site}/rollback`, { revision: 2, dryRun: true })
        expect([answer.status, answer.text]).toEqual([409, expect.stringMatching(/is not valid any more: name: /)])
      })
    )

    it.effect("is refused of secrets, which are kept nowhere, with what to do", () =>
      Effect.gen(function* () {
        const made = (path: string, body: unknown) =>
          Effect.map(did("admin", "POST", path, body), ({ json }) => (json as { readonly id: string }).id)
        yield* did("admin", "POST", "/keys/signing/rotation", { only: false })
        const rotated = yield* (yield* AuditStore).query(defaultTenant, { limit: 1 }, ["signing-key.rotate"])
        for (const [type, id] of [
          ["edge", yield* made("/edges", { name: "north" })],
          ["worker-token", yield* made("/worker-tokens", { name: "counter" })],
          ["api-key", yield* made("/api-keys", { name: "program", scopes: ["read"] })],
          ["signing-key", rotated.entries[0]?.subject.id ?? ""]
        ] as const) {
          for (const dryRun of [false, true]) {
            const answer = yield* ask("admin", "POST", `/history/${type}/${id}/rollback`, { revision: 1, dryRun })
            expect([type, answer.status, answer.json]).toEqual([
              type,
              409,
              expect.objectContaining({
                type: "urn:vigil:problem:rollback-secret",
                detail: expect.stringMatching(/kept nowhere: (renew it|make another one|have another one made)/)
              })
            ])
          }
        }
      })
    )

    it.effect("has no version of a change that changes nothing, which answers what is there under its ETag", () =>
      Effect.gen(function* () {
        const { signIn, visit } = yield* TestServer
        const trail = yield* AuditStore
        const made = (path: string, body: unknown) =>
          Effect.map(did("admin", "POST", path, body), ({ json }) => (json as { readonly id: string }).id)
        const site = yield* newSite
        const wanted = { name: "Still", url: "rtsp://u:p@192.0.2.77/1", metadata: { b: 1, a: { d: 1, c: 2 } } }
        const camera = yield* made("/cameras", wanted)
        const user = yield* made("/users", { username: "unmoved", role: "viewer", password })
        const cookie = yield* signIn("unmoved")
        const tenant = (yield* did("operator of the machine", "GET", `/tenants/${defaultTenant}`)).json as {
          readonly name: string
        }
        const cases = [
          ["supervisor", "PATCH", `/cameras/${camera}`, {}],
          ["supervisor", "PATCH", `/cameras/${camera}`, { ...wanted, metadata: { a: { c: 2, d: 1 }, b: 1 } }],
          ["supervisor", "PATCH", `/settings/cameras/${camera}`, {}],
          ["supervisor", "PATCH", `/places/${site}`, {}],
          ["supervisor", "PATCH", `/settings/sites/${site}`, {}],
          ["admin", "PATCH", `/users/${user}`, {}],
          ["admin", "PATCH", `/users/${user}`, { role: "viewer", disabled: false }],
          ["admin", "PATCH", `/accounts/${user}`, { email: null }],
          ["admin", "PUT", `/users/${user}/grants`, { places: [], groups: [] }],
          ["operator of the machine", "PATCH", `/tenants/${defaultTenant}`, { name: tenant.name }]
        ] as const
        const [newest] = (yield* trail.query(defaultTenant, { limit: 1 })).entries
        for (const [who, method, path, body] of cases) {
          const before = yield* did(who, "GET", path)
          const answer = yield* did(who, method, path, body)
          expect(answer.json, path).toEqual(before.json)
          expect(answer.headers.get("etag"), path).toBe(before.headers.get("etag"))
        }
        expect((yield* trail.query(defaultTenant, { limit: 1 })).entries[0]).toEqual(newest)
        expect((yield* visit({ path: "/api/v1/session", cookie })).status).toBe(200)
      })
    )

    it.effect("is open to API keys as far as changes are", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const calls = new Set(httpCalls.map(({ id }) => id))
        for (const { edit } of Object.values(rollbacks)) expect([...calls, ""]).toContain(edit("x"))
        const asker = (scopes: ReadonlyArray<string>) =>
          Effect.map(did("admin", "POST", "/api-keys", { name: "program", scopes }), ({ json }) => {
            const authorization = `Bearer ${(json as { readonly key: string }).key}`
            return (type: string, id: string) =>
              Effect.map(
                visit({
                  method: "POST",
                  path: `/api/v1/history/${type}/${id}/rollback`,
                  body: { revision: 1 },
                  headers: { authorization }
                }),
                ({ status }) => status
              )
          })
        const configure = yield* asker(["configure"])
        const camera = (yield* did("supervisor", "POST", "/cameras", { name: "Attic", url: "rtsp://192.0.2.7/2" })).json as Camera
        const user = (yield* did("admin", "POST", "/users", { username: "keyless", role: "viewer", password })).json as User
        expect(yield* configure("camera", camera.id)).toBe(200)
        expect(yield* configure("user", user.id)).toBe(403)
        expect(yield* configure("settings", "00000000-0000-0000-0000-000000000000")).toBe(403)
        expect(yield* (yield* asker(["read"]))("camera", camera.id)).toBe(403)
      })
    )
  })
})
