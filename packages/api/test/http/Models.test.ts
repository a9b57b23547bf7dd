import { describe, expect, layer } from "@effect/vitest"
import { Licence } from "@vigil/core/Licence"
import { CameraId, defaultTenant, EdgeId, ModelId } from "@vigil/core/Ids"
import { Licences } from "@vigil/core/port/Licences"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { emptyStatistics } from "@vigil/core/Source"
import { Effect, Either, Schema } from "effect"
import { createHash } from "node:crypto"
import { describedModel, otherTenant, secondTenant } from "../Samples.js"
import { FakeRuntime } from "./FakePorts.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const idOf = Schema.decodeUnknownSync(Schema.Struct({ id: CameraId }))

const idOfEdge = Schema.decodeUnknownSync(Schema.Struct({ id: EdgeId }))

const asker = (who: "admin" | "supervisor" | "operator" | "viewer") =>
  Effect.map(
    TestServer,
    ({ cookies, visit }) =>
      (method: string, path: string, body?: unknown) =>
        visit({
          method,
          path: `/api/v1${path}`,
          body,
          cookie: cookies[who],
          ...(body instanceof Uint8Array ? { headers: { "content-type": "application/octet-stream" } } : {})
        })
  )

const file = (first: number) => Uint8Array.from([first, ...crypto.getRandomValues(new Uint8Array(99))])

const announce = (model: string, version: string, bytes: Uint8Array, hints: unknown = {}) => ({
  model,
  version,
  bytes: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
  hints
})

const problem = (kind: string) => ({ type: `urn:vigil:problem:${kind}` })

/** A version that is active. */
const activated = (model: string, version: string, hints: unknown = {}) =>
  Effect.gen(function* () {
    const ask = yield* asker("admin")
    const bytes = file(1)
    yield* ask("POST", "/models/versions", announce(model, version, bytes, hints))
    yield* ask("PUT", `/models/${model}/versions/${version}/parts/0`, bytes)
    yield* ask("POST", `/models/${model}/versions/${version}/check`)
    const { json, status } = yield* ask("POST", `/models/${model}/versions/${version}/activate`)
    expect(status).toBe(200)
    expect(json).toMatchObject({ model, version, state: "ready", active: true })
  })

const camera = (changes: object) => ({ name: "Gate", url: "rtsp://192.0.2.7/stream1", ...changes })

const detection = (model: string, changes: object = {}) => ({
  detection: { model, framesPerSecond: 5, gate: "motion", ...changes }
})

/** Has a camera run, and tells what it sends: lines of the picture, bits a second. */
const streamOf = (id: CameraId) =>
  Effect.map(FakeRuntime, ({ running, streams }) => {
    running.add(id)
    return (height: number, bitrate: number) =>
      streams.set(id, {
        description: { protocol: "RTSP/TCP", tracks: [{ kind: "video", codec: "h264", height, parameterSets: [] }] },
        source: { ...emptyStatistics, bitrate }
      })
  })

describe("models", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("come in parts, are checked, activated, replaced and removed", () =>
      Effect.gen(function* () {
        const ask = yield* asker("admin")
        const bytes = file(1)
        const at = "/models/forklifts/versions/1.0"
        const created = yield* ask("POST", "/models/versions", announce("forklifts", "1.0", bytes, { title: "Forklifts" }))
        expect(created.status, created.text).toBe(201)
        expect(created.json).toMatchObject({ model: "forklifts", version: "1.0", state: "uploading", received: 0 })
        expect((yield* ask("POST", `${at}/check`)).json).toMatchObject(problem("model-state"))
        expect((yield* ask("PUT", `${at}/parts/1`, bytes)).json).toMatchObject({ status: 400, ...problem("model-part") })
        expect((yield* ask("PUT", `${at}/parts/0`, bytes.subarray(1))).json).toMatchObject(problem("model-part"))
        expect((yield* ask("PUT", `${at}/parts/0`, bytes)).json).toMatchObject({ received: bytes.length })
        expect((yield* ask("POST", `${at}/activate`)).json).toMatchObject({ status: 409, ...problem("model-state") })
        expect((yield* ask("POST", `${at}/check`)).json).toMatchObject({
          state: "ready",
          descriptor: { id: "forklifts", version: "1.0", title: "Forklifts" }
        })
        expect((yield* ask("POST", `${at}/activate`)).json).toMatchObject({ active: true })
        expect((yield* ask("DELETE", at)).json).toMatchObject(problem("model-in-use"))
        yield* activated("forklifts", "2.0")
        expect((yield* ask("GET", "/models/versions")).json).toMatchObject([
          { version: "2.0", active: true },
          { version: "1.0", active: false }
        ])
        expect((yield* ask("GET", "/models")).json).toMatchObject([
          { descriptor: { id: "forklifts", version: "2.0" }, installed: true, own: true },
          { descriptor: { id: "shipped" } },
          { descriptor: { id: "demanding" } }
        ])
        expect((yield* ask("DELETE", at)).status).toBe(204)
        expect((yield* ask("GET", at)).json).toMatchObject({ status: 404, ...problem("model-version-not-found") })
        expect((yield* ask("POST", "/models/forklifts/deactivate")).status).toBe(204)
        expect((yield* ask("POST", "/models/forklifts/deactivate")).status).toBe(404)
        const { json } = yield* ask("GET", "/audit?subjectId=forklifts")
        expect(json).toMatchObject({
          entries: [
            { action: "model.deactivate", before: { version: "2.0" } },
            { action: "model.delete", before: { version: "1.0" }, actor: { username: "root" } },
            { action: "model.activate", before: { version: "1.0" }, after: { version: "2.0" } },
            { action: "model.check", after: { version: "2.0", state: "ready" } },
            { action: "model.create" },
            { action: "model.activate", before: { version: null }, after: { version: "1.0" } },
            { action: "model.check" },
            { action: "model.create" }
          ]
        })
      })
    )

    it.effect("stay in quarantine when something is wrong with them", () =>
      Effect.gen(function* () {
        const ask = yield* asker("admin")
        const bytes = file(0)
        const at = "/models/broken/versions/1"
        yield* ask("POST", "/models/versions", announce("broken", "1", bytes))
        yield* ask("PUT", `${at}/parts/0`, bytes)
        expect((yield* ask("POST", `${at}/check`)).json).toMatchObject({
          state: "quarantined",
          refusal: { reason: "not-onnx", detail: "it begins with a zero" }
        })
        const activation = yield* ask("POST", `${at}/activate`)
        expect(activation.json).toMatchObject({ status: 409, detail: expect.stringContaining("it begins with a zero") })
        const named = yield* ask("POST", "/cameras", camera(detection("broken")))
        expect(named.json).toMatchObject({ status: 400, ...problem("model-unknown") })
      })
    )

    it.effect("are not taken where they are too large", () =>
      Effect.gen(function* () {
        const ask = yield* asker("admin")
        const announced = { ...announce("large", "1", file(1)), bytes: 10_000_001 }
        expect((yield* ask("POST", "/models/versions", announced)).json).toMatchObject({
          status: 409,
          ...problem("model-too-large")
        })
      })
    )

    it.effect("are brought by administrators, and seen by all", () =>
      Effect.gen(function* () {
        for (const who of ["supervisor", "operator", "viewer"] as const) {
          const ask = yield* asker(who)
          const bytes = file(1)
          expect((yield* ask("POST", "/models/versions", announce("mine", "1", bytes))).status).toBe(403)
          expect((yield* ask("POST", "/models/mine/versions/1/activate")).status).toBe(403)
          expect((yield* ask("GET", "/models/versions")).status).toBe(200)
        }
      })
    )

    it.effect("of another tenant are not there", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const store = yield* ModelStore
        const id = ModelId.make("theirs")
        yield* store.create(otherTenant, id, { version: "1", bytes: 1, sha256: "0".repeat(64), hints: {} })
        yield* store.putPart(otherTenant, id, "1", 0, Uint8Array.of(1))
        yield* store.judge(otherTenant, id, "1", Either.right(describedModel(id, "1", {})))
        yield* store.activate(otherTenant, id, "1")
        const ask = yield* asker("admin")
        const at = "/models/theirs/versions/1"
        const none = { status: 404, ...problem("model-version-not-found") }
        expect((yield* ask("GET", at)).json).toMatchObject(none)
        expect((yield* ask("PUT", `${at}/parts/0`, Uint8Array.of(2))).json).toMatchObject(none)
        for (const what of [`${at}/check`, `${at}/activate`, "/models/theirs/deactivate"])
          expect((yield* ask("POST", what)).json, what).toMatchObject(none)
        expect((yield* ask("DELETE", at)).json).toMatchObject(none)
        expect((yield* ask("POST", "/cameras", camera(detection("theirs")))).json).toMatchObject(problem("model-unknown"))
        expect((yield* ask("GET", "/models/versions")).text).not.toContain("theirs")
      })
    )

    it.effect("are refused to cameras that do not give what they need, with the reason", () =>
      Effect.gen(function* () {
        const ask = yield* asker("supervisor")
        const refused = yield* ask("POST", "/cameras", camera(detection("demanding")))
        expect(refused.json).toMatchObject({
          status: 400,
          ...problem("model-requirements"),
          detail: "model demanding: needs segments that overlap by 1 s, and these do by 0 s",
          errors: [{ pointer: "/detection/model" }]
        })
        expect((yield* ask("POST", "/cameras", camera(detection("nobody-has-this")))).json).toMatchObject(
          problem("model-unknown")
        )
        expect((yield* ask("POST", "/cameras", camera(detection("nobody-has-this", { placement: "queue" })))).status).toBe(201)

        const segment = { duration: 5, overlap: 1 }
        const { id } = idOf((yield* ask("POST", "/cameras", camera({ segment }))).json)
        const stream = yield* streamOf(id)
        stream(360, 600_000)
        const poor = yield* ask("PATCH", `/cameras/${id}`, detection("demanding"))
        expect(poor.json).toMatchObject({
          detail:
            "model demanding: needs a picture of 480 lines, and this one has 360; needs 1000 kbit/s, and the stream has 600 kbit/s"
        })
        expect((yield* ask("GET", `/cameras/${id}/models`)).json).toContainEqual(
          expect.objectContaining({
            assigned: false,
            problem: expect.stringContaining("480 lines"),
            unmet: [
              { requirement: "height", needed: 480, found: 360 },
              { requirement: "bitrate", needed: 1_000_000, found: 600_000 }
            ]
          })
        )
        stream(720, 2_000_000)
        expect((yield* ask("PATCH", `/cameras/${id}`, detection("demanding"))).status).toBe(200)
        const shortened = yield* ask("PATCH", `/cameras/${id}`, { segment: { duration: 2, overlap: 1 } })
        expect(shortened.json).toMatchObject({ detail: "model demanding: needs segments of 3 s, and these have 2 s" })
        stream(360, 600_000)
        expect((yield* ask("PATCH", `/cameras/${id}`, { name: "North gate", ...detection("demanding") })).status).toBe(200)
      })
    )

    it.effect("and analytics too are refused to cameras that do not give what they need, and stay where they are", () =>
      Effect.gen(function* () {
        const ask = yield* asker("supervisor")
        const counting = { analytics: [{ analytic: "counting", settings: {} }] }
        const { id } = idOf((yield* ask("POST", "/cameras", camera({ analytics: [] }))).json)
        const stream = yield* streamOf(id)
        const refused = (detail: string) => ({
          status: 400,
          ...problem("invalid-analytic"),
          detail: expect.stringContaining(detail)
        })
        stream(240, 600_000)
        expect((yield* ask("PATCH", `/cameras/${id}`, counting)).json).toMatchObject(
          refused("analytic counting: needs a picture of 360 lines, and this one has 240 (settings analytic.counting.*")
        )
        yield* ask("PATCH", `/settings/cameras/${id}`, {
          "analytic.counting.minHeight": 0,
          "analytic.counting.minBitrate": 700_000
        })
        expect((yield* ask("PATCH", `/cameras/${id}`, counting)).json).toMatchObject(refused("needs 700 kbit/s"))
        stream(240, 900_000)
        expect((yield* ask("PATCH", `/cameras/${id}`, counting)).status).toBe(200)
        const segment = { duration: 1, overlap: 0 }
        expect((yield* ask("PATCH", `/cameras/${id}`, { segment })).status).toBe(200)
        const short = { segment, detection: { framesPerSecond: 5, gate: "always", placement: "queue" } }
        expect((yield* ask("PATCH", `/cameras/${id}`, short)).json).toMatchObject(refused("needs segments of 2 s"))
        expect((yield* ask("POST", "/cameras", camera({ ...counting, ...short }))).json).toMatchObject(
          refused("needs segments of 2 s")
        )
        stream(240, 100_000)
        expect((yield* ask("PATCH", `/cameras/${id}`, { ...counting, segment: { duration: 4, overlap: 0 } })).status).toBe(200)
      })
    )

    it.effect("that the licence does not name are refused, and own ones are not asked for", () =>
      Effect.gen(function* () {
        const licences = yield* Licences
        const ask = yield* asker("supervisor")
        yield* activated("my-own", "1")
        const unlimited = { cameras: null, validFrom: null, validUntil: null }
        yield* licences.change(defaultTenant, Licence.make({ ...unlimited, models: [ModelId.make("another")] }))
        const refused = yield* ask("POST", "/cameras", camera(detection("shipped")))
        expect(refused.status).toBe(403)
        expect(refused.json).toMatchObject({ detail: expect.stringContaining("does not include the model shipped") })
        expect((yield* ask("POST", "/cameras", camera(detection("my-own")))).status).toBe(201)
        // Wherever the camera runs.
        expect((yield* ask("POST", "/cameras", camera(detection("my-own", { placement: "queue" })))).status).toBe(201)
        const edge = idOfEdge((yield* (yield* asker("admin"))("POST", "/edges", { name: "farm" })).json).id
        expect((yield* ask("POST", "/cameras", camera({ ...detection("my-own"), edge }))).status).toBe(201)
        yield* licences.change(defaultTenant, Licence.make({ ...unlimited, models: null }))
        expect((yield* ask("POST", "/cameras", camera(detection("shipped")))).status).toBe(201)
      })
    )

    it.effect("stay active while cameras, or what they inherit, name them", () =>
      Effect.gen(function* () {
        const ask = yield* asker("admin")
        yield* activated("named", "1")
        const { id } = idOf((yield* ask("POST", "/cameras", camera(detection("named")))).json)
        const refused = yield* ask("POST", "/models/named/deactivate")
        expect(refused.json).toMatchObject({ status: 409, detail: "1 cameras name the model named: give them another one first" })
        yield* ask("DELETE", `/cameras/${id}`)
        yield* ask("PATCH", "/settings/tenant", { "detection.model": "named" })
        expect((yield* ask("POST", "/models/named/deactivate")).json).toMatchObject({
          status: 409,
          detail: "settings name the model named (detection.model): change them first"
        })
        yield* ask("PATCH", "/settings/tenant", { "detection.model": null })
        expect((yield* ask("POST", "/models/named/deactivate")).status).toBe(204)
      })
    )
  })
})
