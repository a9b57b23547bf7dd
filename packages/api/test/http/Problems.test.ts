import { describe, expect, layer } from "@effect/vitest"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import { Effect } from "effect"
import { raw } from "./RawRequest.js"
import { type Answer, layerTestServer, password, TestServer } from "./TestServer.js"

const cameras = "/api/v1/cameras"
const nobody = "00000000-0000-4000-8000-00000000000a"
const camera = { name: "Gate", url: "rtsp://192.0.2.7/1" }

const isProblem = ({ headers, json, status }: Answer, expected: number) => {
  expect(status).toBe(expected)
  expect(headers.get("content-type")).toBe("application/problem+json")
  expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
  expect(json).toMatchObject({ status: expected, title: expect.any(String), type: expect.stringMatching(/^urn:vigil:problem:/) })
}

describe("errors are problem details (RFC 9457)", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("names every value that is wrong, by JSON pointer", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const answer = yield* visit({
          method: "POST",
          path: cameras,
          cookie: cookies.admin,
          body: { ...camera, name: "", segment: { duration: 99, overlap: 0 } }
        })
        isProblem(answer, 400)
        expect(answer.json).toMatchObject({
          errors: [{ pointer: expect.stringMatching(/^\/(name|segment\/duration)$/), detail: expect.any(String) }]
        })
        const parameter = yield* visit({ path: "/api/v1/events?limit=0", cookie: cookies.viewer })
        isProblem(parameter, 400)
        expect(parameter.json).toMatchObject({ errors: [{ pointer: "/limit" }] })
        isProblem(yield* visit({ path: "/api/v1/events?cursor=x", cookie: cookies.viewer }), 400)
        isProblem(yield* visit({ path: `${cameras}/not-a-uuid`, cookie: cookies.viewer }), 400)
      })
    )

    it.effect("text that no database keeps is refused, not taken for a failure of the database", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const corners = [
          { x: 0, y: 0 },
          { x: 1, y: 0 },
          { x: 1, y: 1 }
        ]
        for (const bad of ["a\u0000b", "a\ud800b"]) {
          const send = (method: string, path: string, body: unknown) =>
            visit({ method, path: `/api/v1${path}`, cookie: cookies.admin, body })
          for (const change of [
            { name: bad },
            { url: `${camera.url}/${bad}` },
            { zones: [{ name: bad, polygon: corners }] },
            { masks: [{ name: bad, polygon: corners }] },
            { tls: { mode: "ca", pem: bad } },
            { description: bad },
            { metadata: { note: [{ deep: bad }] } },
            { metadata: { [bad]: 1 } }
          ]) {
            isProblem(yield* send("POST", "/cameras", { ...camera, enabled: false, ...change }), 400)
          }
          isProblem(yield* send("PATCH", "/account", { displayName: bad }), 400)
          isProblem(yield* send("POST", "/users", { username: bad, role: "viewer", password }), 400)
          isProblem(yield* send("POST", "/session", { username: bad, password }), 400)
        }
        isProblem(yield* visit({ path: "/api/v1/sign-in?provider=%00" }), 400)
        isProblem(yield* visit({ path: "/api/v1/openid/%00/begin" }), 400)
        for (const username of ["zo\u200be", "zo\ne"]) {
          const answer = yield* visit({
            method: "POST",
            path: "/api/v1/users",
            cookie: cookies.admin,
            body: { username, role: "viewer", password }
          })
          isProblem(answer, 400)
        }
      })
    )

    it.effect("what may be secret is not repeated", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const host = "h".repeat(2100)
        for (const change of [
          { url: `rtsp://anna:geheim@${host}/1` },
          { url: ["rtsp://anna:geheim@192.0.2.7/1"] },
          { credentials: { username: "anna", password: ["geheim"] } },
          { credentials: "anna:geheim" },
          { credentials: { username: "anna", password: "geheim".repeat(200) } }
        ]) {
          const answer = yield* visit({ method: "POST", path: cameras, cookie: cookies.admin, body: { ...camera, ...change } })
          isProblem(answer, 400)
          expect(answer.text).not.toContain("geheim")
        }
        const patched = yield* visit({
          method: "PATCH",
          path: `${cameras}/${nobody}`,
          cookie: cookies.admin,
          body: { credentials: { username: "anna", password: 4711 } }
        })
        isProblem(patched, 400)
        expect(patched.text).not.toContain("4711")
      })
    )

    it.effect("tells once what a value may be", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const answer = yield* visit({ path: "/api/v1/cameras?sort=size", cookie: cookies.admin })
        expect(answer.json).toMatchObject({
          detail: "One value is not allowed.",
          errors: [{ pointer: "/sort", detail: 'Expected one of "name", "created", "updated", actual "size"' }]
        })
      })
    )

    it.effect("bad JSON, no body, bodies over the limit", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const post = (body: string | Uint8Array, headers = {}) =>
          visit({
            method: "POST",
            path: cameras,
            cookie: cookies.admin,
            body,
            headers: { "content-type": "application/json", ...headers }
          })
        isProblem(yield* post("{"), 400)
        isProblem(yield* post(""), 400)
        isProblem(yield* post("[]"), 400)
        isProblem(yield* post(JSON.stringify({ ...camera, url: `rtsp://h/${"x".repeat(1_100_000)}` })), 413)
      })
    )

    it.effect("cuts off bodies over the limit that did not say how long they are", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const { port } = yield* ServerAddress
        const head =
          `POST ${cameras} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: ${cookies.admin}\r\n` +
          "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`
        expect(yield* raw(port, head + chunk.repeat(20) + "0\r\n\r\n")).toMatch(/^HTTP\/1.1 413 /)
      })
    )

    it.effect("unknown routes, cameras, events and views", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const cookie = cookies.admin
        for (const [method, path] of [
          ["GET", "/api/v1/nothing"],
          ["GET", "/api"],
          ["POST", "/nothing"],
          ["GET", "/assets/none.js"],
          ["GET", `${cameras}/${nobody}`],
          ["DELETE", `${cameras}/${nobody}`],
          ["GET", `/api/v1/events/${nobody}`],
          ["GET", `${cameras}/${nobody}/snapshot`],
          ["DELETE", `${cameras}/${nobody}/whep/1`],
          ["DELETE", `/api/v1/sessions/${nobody}`]
        ] as const)
          isProblem(yield* visit({ method, path, cookie }), 404)
      })
    )

    it.effect("methods that an address has not, with those that it has", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const ask = (method: string, path: string) => visit({ method, path, cookie: cookies.admin })
        for (const [method, path, allow] of [
          ["PUT", cameras, "GET, HEAD, OPTIONS, POST"],
          ["POST", `${cameras}/${nobody}`, "DELETE, GET, HEAD, OPTIONS, PATCH"],
          ["GET", `${cameras}/${nobody}/restart`, "OPTIONS, POST"],
          ["DELETE", "/api/v1/openapi.json", "GET, HEAD, OPTIONS"],
          ["POST", "/metrics", "GET, HEAD, OPTIONS"]
        ] as const) {
          const answer = yield* ask(method, path)
          isProblem(answer, 405)
          expect(answer.headers.get("allow")).toBe(allow)
        }
        const options = yield* ask("OPTIONS", cameras)
        expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS, POST"])
        const head = yield* ask("HEAD", cameras)
        expect([head.status, head.text, head.headers.get("content-type")]).toEqual([200, "", "application/json"])
        isProblem(yield* ask("OPTIONS", "/api/v1/nothing"), 404)
      })
    )

    it.effect("when to come again, where something is away", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const answer = yield* visit({ path: "/" })
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"])
      })
    )

    it.effect("bodies of another type than the address takes", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const post = (path: string, type: string, body: string) =>
          visit({ method: "POST", path, cookie: cookies.admin, body, headers: { "content-type": type } })
        for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/xml"]) {
          const answer = yield* post("/api/v1/worker-tokens", type, "name=counter")
          isProblem(answer, 415)
          expect(answer.headers.get("accept")).toBe("application/json")
        }
        isProblem(yield* post(`${cameras}/${nobody}/whep`, "application/json", "{}"), 415)
        const compressed = yield* visit({
          method: "POST",
          path: "/api/v1/worker-tokens",
          cookie: cookies.admin,
          body: '{"name":"counter"}',
          headers: { "content-type": "application/json", "content-encoding": "gzip" }
        })
        isProblem(compressed, 415)
        expect(compressed.headers.get("accept-encoding")).toBe("identity")
        expect((yield* post("/api/v1/worker-tokens", "Application/JSON; charset=utf-8", '{"name":"counter"}')).status).toBe(201)
      })
    )

    it.effect("roles that do not allow it", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const answer = yield* visit({ method: "POST", path: cameras, cookie: cookies.operator, body: camera })
        isProblem(answer, 403)
        expect(answer.json).toMatchObject({ detail: "this needs the role supervisor; yours is operator" })
      })
    )

    it.effect("changes of what somebody else changed", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const cookie = cookies.supervisor
        const created = yield* visit({ method: "POST", path: cameras, cookie, body: camera })
        expect(created.status).toBe(201)
        expect(created.headers.get("etag")).toBe('"1"')
        const path = created.headers.get("location") ?? ""
        const change = (ifMatch: string) =>
          visit({ method: "PATCH", path, cookie, body: { name: "Yard" }, headers: { "if-match": ifMatch } })
        const changed = yield* change('"1"')
        expect(changed.headers.get("etag")).toBe('"2"')
        isProblem(yield* change('"1"'), 412)
        isProblem(yield* change('W/"2"'), 412)
        isProblem(yield* change('"of-another-server"'), 412)
        for (const wrong of ["revision one", "2", '"2" "3"', "*, *", Array.from({ length: 30 }, () => '"1"').join()]) {
          isProblem(yield* change(wrong), 400)
        }
        for (const tags of ["*", '"2"', '"1", "2"', ' "7",, W/"1" ,"2"', '"a,b","2"', '"9" , "2" , "1"']) {
          expect([tags, (yield* change(tags)).status]).toEqual([tags, 200])
        }
        for (const tags of ['"1", "3"', 'W/"2", W/"1"', '"1","02"']) isProblem(yield* change(tags), 412)
      })
    )

    it.effect("is not told again to whoever knows it by its ETag", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const cookie = cookies.supervisor
        const site = yield* visit({ method: "POST", path: "/api/v1/places", cookie, body: { kind: "site", name: "Known" } })
        const created = yield* visit({ method: "POST", path: cameras, cookie, body: camera })
        const place = site.headers.get("location") ?? ""
        const one = created.headers.get("location") ?? ""
        const settings = one.replace("/cameras/", "/settings/cameras/")
        for (const path of [place, one, settings, "/api/v1/settings/tenant", "/api/v1/settings/system"]) {
          const read = (ifNoneMatch: string) => visit({ path, cookie, headers: { "if-none-match": ifNoneMatch } })
          const etag = (yield* visit({ path, cookie })).headers.get("etag") ?? ""
          expect(etag, path).toMatch(/^"\d+"$/)
          for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
            const answer = yield* read(known)
            expect([path, answer.status, answer.text, answer.headers.get("etag")]).toEqual([path, 304, "", etag])
            expect(answer.headers.get("content-type")).toBeNull()
            expect(answer.headers.get("x-request-id")).not.toBeNull()
          }
          for (const other of ['"77"', "", etag.slice(1)]) expect((yield* read(other)).status, path).toBe(200)
        }
        const gone = one.replace(/[0-9a-f-]{36}$/, crypto.randomUUID())
        isProblem(yield* visit({ path: gone, cookie, headers: { "if-none-match": "*" } }), 404)
        const changed = yield* visit({ method: "PATCH", path: one, cookie, body: {}, headers: { "if-none-match": '"1"' } })
        expect(changed.status).toBe(200)
      })
    )

    it.effect("sources that cannot be", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const cookie = cookies.supervisor
        const wrong = yield* visit({ method: "POST", path: cameras, cookie, body: { ...camera, url: "gopher://a:secret@b" } })
        isProblem(wrong, 400)
        expect(wrong.json).toMatchObject({ type: "urn:vigil:problem:source-unsupported", errors: [{ pointer: "/url" }] })
        expect(wrong.text).not.toContain("secret")
        isProblem(yield* visit({ method: "POST", path: `${cameras}/probe`, cookie, body: { camera } }), 502)
        const analytic = { analytic: "intrusion", settings: { nonsense: 1 } }
        const refused = yield* visit({ method: "POST", path: cameras, cookie, body: { ...camera, analytics: [analytic] } })
        isProblem(refused, 400)
        expect(refused.json).toMatchObject({ errors: [{ pointer: "/analytics" }] })
      })
    )

    it.effect("cameras that do not run", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const created = yield* visit({ method: "POST", path: cameras, cookie: cookies.admin, body: camera })
        const path = created.headers.get("location") ?? ""
        for (const what of ["status", "snapshot"])
          isProblem(yield* visit({ path: `${path}/${what}`, cookie: cookies.viewer }), 409)
      })
    )
  })
})
