import { describe, expect, layer } from "@effect/vitest"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import { SettingStore } from "@vigil/core/port/SettingStore"
import { SettingDefinition } from "@vigil/core/settings/SettingCatalogue"
import { SettingsView } from "@vigil/core/settings/SettingLevels"
import { Effect, Schedule, Schema } from "effect"
import { newCamera, otherTenant, secondTenant } from "../Samples.js"
import { type Answer, layerTestServer, TestServer } from "./TestServer.js"

const idOf = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.UUID }))
const viewOf = Schema.decodeUnknownSync(SettingsView)

/** One setting of an answer. */
const one = ({ json, status, text }: Answer, key = "segment.duration") => {
  expect(status, text).toBe(200)
  return viewOf(json).settings.find((setting) => setting.key === key)
}

const as = (role: "admin" | "supervisor" | "operator" | "viewer") =>
  Effect.map(TestServer, ({ cookies, visit }) => ({
    ask: (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      visit({ method, path: `/api/v1${path}`, body, headers, cookie: cookies[role] })
  }))

const made = Effect.gen(function* () {
  const { ask } = yield* as("admin")
  const make = (path: string, body: unknown) => Effect.map(ask("POST", path, body), ({ json }) => idOf(json).id)
  const site = yield* make("/places", { kind: "site", name: `Site ${crypto.randomUUID()}` })
  const hall = yield* make("/places", { kind: "building", name: "Hall", parentId: site })
  const camera = yield* make("/cameras", { name: "Gate", url: "rtsp://192.0.2.7/1", placeId: hall })
  return { ask, site, hall, camera }
})

describe("settings", () => {
  layer(layerTestServer(), { timeout: 60_000, excludeTestServices: true })((it) => {
    it.effect("are inherited from the system over the tenant and the site to the camera, and say so", () =>
      Effect.gen(function* () {
        const { ask, camera, site } = yield* made
        const ofCamera = Effect.map(ask("GET", `/settings/cameras/${camera}`), (answer) => one(answer))
        expect(yield* ofCamera).toEqual({ key: "segment.duration", value: 5, origin: { level: "default" } })
        yield* ask("PATCH", "/settings/system", { "segment.duration": 2 })
        expect(yield* ofCamera).toMatchObject({ value: 2, origin: { level: "system" } })
        yield* ask("PATCH", "/settings/tenant", { "segment.duration": 3 })
        expect(yield* ofCamera).toMatchObject({ value: 3, origin: { level: "tenant" } })
        const changed = yield* ask("PATCH", `/settings/sites/${site}`, { "segment.duration": 4 })
        expect(one(changed)).toMatchObject({ value: 4, inherited: { value: 3, origin: { level: "tenant" } } })
        expect(yield* ofCamera).toMatchObject({ value: 4, origin: { level: "site", id: site } })
        yield* ask("PATCH", `/settings/cameras/${camera}`, { "segment.duration": 6 })
        expect(yield* ofCamera).toEqual({
          key: "segment.duration",
          value: 6,
          origin: { level: "camera", id: camera },
          inherited: { value: 4, origin: { level: "site", id: site } }
        })
        expect((yield* ask("GET", `/cameras/${camera}`)).json).toMatchObject({ segment: { duration: 6 }, revision: 2 })
        for (const path of [`/settings/cameras/${camera}`, `/settings/sites/${site}`, "/settings/tenant", "/settings/system"]) {
          yield* ask("PATCH", path, { "segment.duration": null })
        }
        expect(yield* ofCamera).toEqual({ key: "segment.duration", value: 5, origin: { level: "default" } })
      })
    )

    it.effect("follow a building that is moved to another site", () =>
      Effect.gen(function* () {
        const { ask, camera, hall } = yield* made
        const other = idOf((yield* ask("POST", "/places", { kind: "site", name: `Site ${crypto.randomUUID()}` })).json).id
        yield* ask("PATCH", `/settings/sites/${other}`, { "segment.duration": 8 })
        expect(one(yield* ask("GET", `/settings/cameras/${camera}`))).toMatchObject({ value: 5 })
        yield* ask("PATCH", `/places/${hall}`, { parentId: other })
        yield* Effect.repeat(
          Effect.map(ask("GET", `/settings/cameras/${camera}`), (answer) => one(answer)?.value),
          { until: (value) => value === 8, schedule: Schedule.spaced("20 millis") }
        )
      })
    )

    it.effect("have a form in the camera, and are its own once somebody typed them there", () =>
      Effect.gen(function* () {
        const { ask, camera } = yield* made
        yield* ask("PATCH", `/cameras/${camera}`, { detection: { framesPerSecond: 1, gate: "motion" } })
        const answer = yield* ask("GET", `/settings/cameras/${camera}`)
        expect(one(answer, "detection.framesPerSecond")).toMatchObject({ value: 1, origin: { level: "camera" } })
        expect(one(answer, "detection.gate")).toMatchObject({ value: "motion", origin: { level: "default" } })
        expect((yield* ask("PATCH", `/cameras/${camera}`, { settings: { "segment.duration": 99 } })).status).toBe(400)
      })
    )

    it.effect("take only values that fit", () =>
      Effect.gen(function* () {
        const { ask } = yield* as("admin")
        const wrong: ReadonlyArray<readonly [string, unknown]> = [
          ["segment.duration", 11],
          ["segment.duration", "5"],
          ["model.yolox-nano.minHeight", 1e12],
          ["segment.length", 5],
          ["segment", 5],
          ["", 5],
          ["model..confidence", 1],
          ["model.yolox-nano", 1],
          ["model.yolox-nano.confidence", 2],
          ["analytic.nonsense.sensitivity", 1],
          ["notification.INTRUSION.channels", ["pigeon"]],
          ["notification.quietHours", [{ from: "25:00", to: "06:00" }]],
          ["notification.quietHours", [{ from: "22:00", to: "06:00", weather: "fine" }]],
          ["constructor", 5]
        ]
        for (const [key, value] of wrong) {
          expect(yield* ask("PATCH", "/settings/tenant", { [key]: value }), key).toMatchObject({ status: 400 })
        }
        const good = {
          "model.yolo.v8_n.confidence": 0.5,
          "notification.INTRUSION.channels": ["email", "webhook"],
          "notification.quietHours": [{ from: "22:00", to: "06:00", days: ["sunday"], except: ["CRITICAL"] }],
          "notification.escalation": [{ after: 5, role: "supervisor", channels: ["sms"] }]
        }
        const answer = yield* ask("PATCH", "/settings/tenant", good)
        for (const [key, value] of Object.entries(good))
          expect(one(answer, key)).toMatchObject({ value, origin: { level: "tenant" } })
        yield* ask("PATCH", "/settings/tenant", Object.fromEntries(Object.keys(good).map((key) => [key, null])))
      })
    )

    it.effect("say what there is, with the values that fit", () =>
      Effect.gen(function* () {
        const { ask } = yield* as("viewer")
        const known = Schema.decodeUnknownSync(Schema.Array(SettingDefinition))((yield* ask("GET", "/settings/definitions")).json)
        expect(known.find(({ key }) => key === "segment.duration")).toMatchObject({
          default: 5,
          schema: { type: "number", minimum: 1, maximum: 10 }
        })
        expect(new Set(known.map(({ key }) => key)).size).toBe(known.length)
        expect(known.every(({ description }) => description !== "")).toBe(true)
      })
    )

    it.effect("are changed on top of what was seen only, where the change says what that was", () =>
      Effect.gen(function* () {
        const { ask, camera } = yield* made
        for (const path of ["/settings/tenant", `/settings/cameras/${camera}`]) {
          const seen = yield* ask("GET", path)
          const etag = seen.headers.get("etag") ?? ""
          expect(etag).toBe(`"${viewOf(seen.json).revision}"`)
          expect((yield* ask("PATCH", path, { "buffer.seconds": 20 }, { "if-match": etag })).status).toBe(200)
          const late = yield* ask("PATCH", path, { "buffer.seconds": 21 }, { "if-match": etag })
          expect(late).toMatchObject({ status: 412, json: { type: "urn:vigil:problem:revision-conflict" } })
        }
      })
    )

    it.effect("are changed by who may, and seen by all of the tenant", () =>
      Effect.gen(function* () {
        const { camera, site } = yield* made
        const least = [
          ["/settings/system", "admin"],
          ["/settings/tenant", "admin"],
          [`/settings/sites/${site}`, "supervisor"],
          [`/settings/cameras/${camera}`, "supervisor"]
        ] as const
        const roles = ["viewer", "operator", "supervisor", "admin"] as const
        for (const [path, needed] of least) {
          for (const role of roles) {
            const { ask } = yield* as(role)
            expect((yield* ask("GET", path)).status).toBe(200)
            const may = roles.indexOf(role) >= roles.indexOf(needed)
            expect((yield* ask("PATCH", path, { "buffer.megabytes": 32 })).status, `${path} ${role}`).toBe(may ? 200 : 403)
          }
        }
        for (const role of roles) {
          const { ask } = yield* as(role)
          const may = role === "supervisor" || role === "admin"
          expect((yield* ask("POST", "/settings/refresh")).status).toBe(may ? 204 : 403)
        }
      })
    )

    it.effect("of others are not there", () =>
      Effect.gen(function* () {
        const { ask, hall } = yield* made
        yield* secondTenant
        const site = yield* (yield* PlaceStore).create(otherTenant, { kind: "site", name: "Theirs", parentId: null })
        const camera = yield* (yield* CameraStore).create(otherTenant, newCamera())
        yield* (yield* SettingStore).change(otherTenant, { level: "tenant" }, { "segment.duration": 9 })
        for (const path of [`/settings/sites/${site.id}`, `/settings/cameras/${camera.id}`, `/settings/sites/${hall}`]) {
          expect((yield* ask("GET", path)).status).toBe(404)
          expect((yield* ask("PATCH", path, { "segment.duration": 2 })).status).toBe(404)
        }
        expect((yield* ask("GET", "/settings/tenant")).text).not.toContain("9,")
        expect((yield* (yield* SettingStore).ofTenant(otherTenant)).sites.size).toBe(0)
      })
    )

    it.effect("decide with what a camera inherits whether a model can be its own, and what the model needs", () =>
      Effect.gen(function* () {
        const { ask, camera, site } = yield* made
        // It needs segments of 3 s that overlap by 1 s.
        const give = ask("PATCH", `/settings/cameras/${camera}`, { "detection.model": "demanding" })
        const refused = { json: { type: "urn:vigil:problem:model-requirements" } }
        expect(yield* give).toMatchObject(refused)
        yield* ask("PATCH", `/settings/sites/${site}`, { "segment.overlap": 1 })
        expect(one(yield* give, "detection.model")).toMatchObject({ value: "demanding" })
        expect((yield* ask("GET", `/cameras/${camera}`)).json).toMatchObject({ detection: { model: "demanding" } })
        yield* ask("PATCH", `/settings/sites/${site}`, { "model.demanding.minDuration": 6 })
        yield* ask("PATCH", `/settings/cameras/${camera}`, { "detection.model": null })
        expect(yield* give).toMatchObject(refused)
        const typed = { detection: { model: "demanding", framesPerSecond: 5, gate: "motion" } }
        expect(yield* ask("PATCH", `/cameras/${camera}`, typed)).toMatchObject(refused)
        const own = { ...typed, name: "Yard", url: "rtsp://192.0.2.7/1", settings: { "segment.overlap": 1 } }
        expect((yield* ask("POST", "/cameras", own)).status).toBe(201)
      })
    )

    it.effect("name no model that nobody has, unless workers are to know it", () =>
      Effect.gen(function* () {
        const { ask, site } = yield* made
        for (const path of ["/settings/system", "/settings/tenant", `/settings/sites/${site}`]) {
          const unknown = yield* ask("PATCH", path, { "detection.model": "of-nobody" })
          expect(unknown.json).toMatchObject({ status: 400, type: "urn:vigil:problem:model-unknown" })
        }
        const ofWorkers = { "detection.model": "of-nobody", "detection.placement": "queue" }
        expect(one(yield* ask("PATCH", `/settings/sites/${site}`, ofWorkers), "detection.model")?.value).toBe("of-nobody")
      })
    )

    it.effect("have versions, and go back to one", () =>
      Effect.gen(function* () {
        const { ask, site } = yield* made
        const path = `/settings/sites/${site}`
        yield* ask("PATCH", path, { "segment.duration": 4, "buffer.seconds": 9 })
        yield* ask("PATCH", path, { "segment.duration": null, "segment.overlap": 2 })
        const history = yield* ask("GET", `/history/settings/${site}`)
        expect(history.json).toMatchObject({
          versions: [
            { revision: 2, values: { "segment.duration": null, "buffer.seconds": 9, "segment.overlap": 2 } },
            { revision: 1, values: { "segment.duration": 4, "buffer.seconds": 9 } }
          ]
        })
        const rollback = `/history/settings/${site}/rollback`
        expect((yield* ask("POST", rollback, { revision: 1 })).json).toMatchObject({ to: 1, revision: 3 })
        const back = yield* ask("GET", path)
        expect(one(back)).toMatchObject({ value: 4, origin: { level: "site" } })
        expect(one(back, "buffer.seconds")).toMatchObject({ value: 9, origin: { level: "site" } })
        expect(one(back, "segment.overlap")).toMatchObject({ origin: { level: "default" } })
        expect(viewOf(back.json).revision).toBe(3)
        expect((yield* ask("GET", `/audit?action=settings.rollback&subjectId=${site}`)).json).toMatchObject({
          entries: [{ after: { "segment.duration": 4, rolledBackTo: 1 } }]
        })
        expect((yield* ask("POST", rollback, { revision: 9 })).status).toBe(404)
        const late = yield* ask("POST", rollback, { revision: 1 }, { "if-match": '"2"' })
        expect(late.status).toBe(412)
        const { ask: asOperator } = yield* as("operator")
        expect((yield* asOperator("POST", rollback, { revision: 1 })).status).toBe(403)
      })
    )

    it.effect("that are changed are in the audit trail, before and after", () =>
      Effect.gen(function* () {
        const { ask, site } = yield* made
        yield* ask("PATCH", `/settings/sites/${site}`, { "segment.duration": 4, "buffer.seconds": 9 })
        yield* ask("PATCH", `/settings/sites/${site}`, { "segment.duration": 5, "buffer.seconds": 9 })
        yield* ask("PATCH", `/settings/sites/${site}`, { "segment.duration": null })
        expect((yield* ask("GET", `/audit?action=settings.update&subjectId=${site}`)).json).toMatchObject({
          entries: [
            { actor: { username: "root" }, before: { "segment.duration": 5 }, after: { "segment.duration": null, revision: 3 } },
            { before: { "segment.duration": 4, revision: 1 }, after: { "segment.duration": 5, revision: 2 } },
            { before: { revision: 0 }, after: { "segment.duration": 4, "buffer.seconds": 9, revision: 1 } }
          ]
        })
      })
    )
  })
})
