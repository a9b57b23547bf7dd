import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Effect } from "effect"
import { newCamera, otherTenant, secondTenant } from "../Samples.js"
import { FakeRuntime } from "./FakePorts.js"
import { layerTestServer, TestServer } from "./TestServer.js"

/** A camera that waits for a publisher and runs. */
const published = Effect.gen(function* () {
  const camera = yield* (yield* CameraStore).create(defaultTenant, newCamera({ url: "whip:" }))
  ;(yield* FakeRuntime).running.add(camera.id)
  return camera
})

const sdp = { "content-type": "application/sdp" }

const tokenOf = (id: string) =>
  Effect.gen(function* () {
    const { cookies, visit } = yield* TestServer
    const path = `/api/v1/cameras/${id}/publish-token`
    const { json, status } = yield* visit({ method: "POST", path, cookie: cookies.admin })
    expect(status).toBe(201)
    return (json as { readonly token: string }).token
  })

const offer = (id: string, token: string, body: string | Uint8Array = "v=0\r\noffer", headers: Record<string, string> = {}) =>
  Effect.flatMap(TestServer, ({ visit }) =>
    visit({
      method: "POST",
      path: `/api/v1/cameras/${id}/whip`,
      body,
      headers: { ...sdp, authorization: `Bearer ${token}`, ...headers }
    })
  )

describe("publish tokens", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("are made, told once and taken back by administrators alone", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* published
        const path = `/api/v1/cameras/${id}/publish-token`
        for (const role of ["supervisor", "operator", "viewer"] as const) {
          for (const method of ["GET", "POST", "DELETE"]) {
            expect((yield* visit({ method, path, cookie: cookies[role] })).status, `${method} ${role}`).toBe(403)
          }
        }
        expect((yield* visit({ path, cookie: cookies.admin })).json).toEqual({ madeAt: null })
        const token = yield* tokenOf(id)
        expect(token).toMatch(/^[\w-]{43}$/)
        expect((yield* visit({ path, cookie: cookies.admin })).json).toEqual({ madeAt: expect.stringContaining("T") })
        const stored = yield* (yield* Database).system(
          "look",
          (sql) => sql<{ readonly row: string }>`select row_to_json(publish_tokens)::text as row from publish_tokens`
        )
        expect(stored).toHaveLength(1)
        expect(stored[0]?.row).not.toContain(token)
        expect((yield* visit({ method: "DELETE", path, cookie: cookies.admin })).status).toBe(204)
        expect((yield* visit({ method: "DELETE", path, cookie: cookies.admin })).status).toBe(204)
        expect((yield* offer(id, token)).status).toBe(401)
        const audit = yield* visit({ path: `/api/v1/audit?subjectId=${id}`, cookie: cookies.admin })
        expect(audit.json).toMatchObject({
          entries: [{ action: "camera.token.revoke" }, { action: "camera.token.make", after: { publishToken: "changed" } }, {}]
        })
        expect(audit.text).not.toContain(token)
      })
    )

    it.effect("are of cameras that wait for a publisher, in one's own tenant", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        yield* secondTenant
        const store = yield* CameraStore
        const fetched = yield* store.create(defaultTenant, newCamera())
        const foreign = yield* store.create(otherTenant, newCamera({ url: "whip:" }))
        const make = (id: string) =>
          Effect.map(
            visit({ method: "POST", path: `/api/v1/cameras/${id}/publish-token`, cookie: cookies.admin }),
            ({ status }) => status
          )
        expect(yield* make(fetched.id)).toBe(409)
        expect(yield* make(foreign.id)).toBe(404)
        const { id } = yield* published
        const token = yield* tokenOf(id)
        yield* store.update(defaultTenant, id, { url: "rtsp://192.0.2.7/stream1" })
        const refused = yield* offer(id, token)
        expect(refused.status).toBe(409)
        expect(refused.json).toMatchObject({ type: "urn:vigil:problem:publication-camera" })
      })
    )

    it.effect("end what is published with the one before, and go with their camera", () =>
      Effect.gen(function* () {
        const { publications } = yield* FakeRuntime
        const { id } = yield* published
        const first = yield* tokenOf(id)
        expect((yield* offer(id, first)).status).toBe(201)
        expect([...publications.values()]).toContain(id)
        const second = yield* tokenOf(id)
        expect([...publications.values()]).not.toContain(id)
        expect((yield* offer(id, first)).status).toBe(401)
        expect((yield* offer(id, second)).status).toBe(201)
        yield* (yield* CameraStore).remove(defaultTenant, id)
        expect((yield* offer(id, second)).status).toBe(401)
      })
    )
  })
})

describe("a WHIP endpoint", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("answers an offer, says where the publication is, and ends it", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const { publications } = yield* FakeRuntime
        const { id } = yield* published
        const token = yield* tokenOf(id)
        const answered = yield* offer(id, token)
        expect(answered.status).toBe(201)
        expect(answered.headers.get("content-type")).toBe("application/sdp")
        expect(answered.text).toBe("v=0\r\nanswer")
        const location = answered.headers.get("location") ?? ""
        expect(location).toMatch(new RegExp(`^/api/v1/cameras/${id}/whip/`))
        const authorization = `Bearer ${token}`
        const trickle = yield* visit({ method: "PATCH", path: location, headers: { authorization } })
        expect(trickle.status).toBe(405)
        expect(trickle.headers.get("allow")).toBe("DELETE")
        expect((yield* visit({ method: "DELETE", path: location })).status).toBe(401)
        expect(publications.size).toBe(1)
        expect((yield* visit({ method: "DELETE", path: location, headers: { authorization } })).status).toBe(204)
        expect((yield* visit({ method: "DELETE", path: location, headers: { authorization } })).status).toBe(404)
        expect(publications.size).toBe(0)
      })
    )

    it.effect("lets nobody in without the camera's own token", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* published
        const other = yield* published
        const token = yield* tokenOf(id)
        const path = `/api/v1/cameras/${id}/whip`
        const status = (headers: Record<string, string>, cookie?: string) =>
          Effect.map(
            visit({ method: "POST", path, body: "v=0", headers: { ...sdp, ...headers }, cookie }),
            (answer) => answer.status
          )
        const wrong = token.slice(0, -1) + (token.endsWith("A") ? "E" : "A")
        for (const authorization of ["Bearer", "Bearer x", `Bearer ${wrong}`, `Bearer ${token}x`, `Basic ${token}`, token]) {
          expect(yield* status({ authorization }), authorization).toBe(401)
        }
        expect(yield* status({}, cookies.admin)).toBe(401)
        const refused = yield* offer(other.id, token)
        expect(refused.status).toBe(404)
        expect((yield* visit({ path: "/api/v1/cameras", headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
      })
    )

    it.effect("is open to pages of other sites, as nothing else is", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* published
        const origin = "https://publisher.example"
        const path = `/api/v1/cameras/${id}/whip`
        const asked = yield* visit({ method: "OPTIONS", path, headers: { origin, "access-control-request-method": "POST" } })
        expect(asked.status).toBe(204)
        expect(asked.headers.get("access-control-allow-headers")).toContain("authorization")
        expect(asked.headers.get("accept-post")).toBe("application/sdp")
        const answered = yield* offer(id, yield* tokenOf(id), "v=0", { origin })
        expect(answered.status).toBe(201)
        expect(answered.headers.get("access-control-allow-origin")).toBe("*")
        expect(answered.headers.get("access-control-allow-credentials")).toBeNull()
        expect(answered.headers.get("access-control-expose-headers")).toContain("location")
        const refused = yield* visit({ method: "POST", path, cookie: cookies.admin, body: "v=0", headers: { ...sdp, origin } })
        expect(refused.status).toBe(401)
        for (const other of [`/api/v1/cameras/${id}/publish-token`, `/api/v1/cameras/${id}/whep`, "/api/v1/cameras/whip"]) {
          const answer = yield* visit({ method: "POST", path: other, cookie: cookies.admin, headers: { origin } })
          expect(answer.status, other).toBe(403)
          expect(answer.headers.get("access-control-allow-origin"), other).toBeNull()
        }
      })
    )

    it.effect("refuses what is no offer, too large, or of another type", () =>
      Effect.gen(function* () {
        const { id } = yield* published
        const token = yield* tokenOf(id)
        expect(yield* offer(id, token, "hello")).toMatchObject({
          status: 400,
          json: { type: "urn:vigil:problem:publication-offer" }
        })
        expect((yield* offer(id, token, new Uint8Array(2_000_000))).status).toBe(413)
        expect((yield* offer(id, token, '{"sdp":"v=0"}', { "content-type": "application/json" })).status).toBeGreaterThan(399)
        const nobody = yield* (yield* CameraStore).create(defaultTenant, newCamera({ url: "whip:" }))
        expect(yield* offer(nobody.id, yield* tokenOf(nobody.id))).toMatchObject({
          status: 409,
          json: { type: "urn:vigil:problem:camera-not-running" }
        })
      })
    )
  })
})
