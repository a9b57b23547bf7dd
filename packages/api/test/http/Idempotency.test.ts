import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { layerStores } from "@vigil/api/Persistence"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import { Effect, Layer } from "effect"
import { connect } from "node:net"
import { EmbeddedDatabase } from "../EmbeddedDatabase.js"
import { type Answer, layerServerOver, layerTestServer, TestServer, testConfig } from "./TestServer.js"

const cameras = "/api/v1/cameras"
const key = () => crypto.randomUUID()
let made = 0
const camera = () => ({ name: `Gate ${made++}`, url: "rtsp://192.0.2.7/1" })

const isReplay = ({ headers }: Answer) => headers.get("idempotent-replayed") === "true"
const kind = ({ json }: Answer) => (json as { readonly type?: string } | undefined)?.type

const post = (
  path: string,
  body: unknown,
  name: string,
  more: { readonly cookie?: string; readonly headers?: Record<string, string> } = {}
) =>
  Effect.flatMap(TestServer, ({ cookies, visit }) =>
    visit({ method: "POST", path, body, cookie: cookies.admin, ...more, headers: { "idempotency-key": name, ...more.headers } })
  )

const named = (name: string) =>
  Effect.flatMap(Database, (database) => database.system("count", (sql) => sql`select id from cameras where name = ${name}`))

describe("idempotency keys", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("give the first answer again, and do nothing twice", () =>
      Effect.gen(function* () {
        const name = key()
        const body = camera()
        const first = yield* post(cameras, body, name)
        expect(first.status).toBe(201)
        expect(isReplay(first)).toBe(false)
        const second = yield* post(cameras, body, `"${name}"`)
        expect(isReplay(second)).toBe(true)
        expect([second.status, second.text]).toEqual([first.status, first.text])
        for (const header of ["location", "etag", "content-type"]) {
          expect(second.headers.get(header), header).toBe(first.headers.get(header))
        }
        expect(second.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"))
        expect(yield* named(body.name)).toHaveLength(1)
        expect((yield* post(cameras, body, key())).text).not.toBe(first.text)
      })
    )

    it.effect("tell a token that is told once to who asked for it again", () =>
      Effect.gen(function* () {
        const name = key()
        const first = yield* post("/api/v1/worker-tokens", { name: "counter" }, name)
        expect(first.json).toMatchObject({ token: expect.any(String) })
        expect((yield* post("/api/v1/worker-tokens", { name: "counter" }, name)).text).toBe(first.text)
      })
    )

    it.effect("are of one request: another body, path or question is refused", () =>
      Effect.gen(function* () {
        const name = key()
        const body = camera()
        yield* post(cameras, body, name)
        for (const answer of [
          yield* post(cameras, { ...body, name: "Another" }, name),
          yield* post("/api/v1/worker-tokens", body, name),
          yield* post(`${cameras}?x=1`, body, name)
        ]) {
          expect(answer.status).toBe(422)
          expect(kind(answer)).toBe("urn:vigil:problem:idempotency-key-reused")
        }
        for (const malformed of ["", " ", '"', '"a', "a b", "x".repeat(256)]) {
          expect((yield* post(cameras, camera(), malformed)).status, malformed).toBe(400)
        }
      })
    )

    it.effect("keep refusals, but not those that ask to come again", () =>
      Effect.gen(function* () {
        const name = key()
        const bad = yield* post(cameras, { ...camera(), name: "" }, name)
        expect([bad.status, isReplay(bad)]).toEqual([400, false])
        const badJson = key()
        expect((yield* post(cameras, "{", badJson, { headers: { "content-type": "application/json" } })).status).toBe(400)
        expect((yield* post(cameras, camera(), badJson)).status).toBe(201)
      })
    )

    it.effect("are the caller's own, and only the allowed's", () =>
      Effect.gen(function* () {
        const { cookies, signIn } = yield* TestServer
        const name = key()
        const body = camera()
        const first = yield* post(cameras, body, name)
        expect((yield* post(cameras, body, name, { cookie: "vigil-session=x" })).status).toBe(401)
        expect((yield* post(cameras, body, name, { cookie: cookies.viewer })).status).toBe(403)
        const again = yield* post(cameras, body, name, { cookie: yield* signIn("root") })
        expect([isReplay(again), again.text]).toEqual([true, first.text])
        const theirs = yield* post(cameras, { ...body, name: "Theirs" }, name, { cookie: cookies.supervisor })
        expect([theirs.status, isReplay(theirs)]).toEqual([201, false])
      })
    )

    it.effect("mean nothing to signing in and to what is no POST", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const name = key()
        const credentials = { username: "root", password: "wrong" }
        for (const _ of [1, 2]) expect(isReplay(yield* post("/api/v1/session", credentials, name))).toBe(false)
        for (const _ of [1, 2]) {
          const list = yield* visit({ path: cameras, cookie: cookies.admin, headers: { "idempotency-key": name } })
          expect([list.status, isReplay(list)]).toEqual([200, false])
        }
      })
    )

    it.effect("let what has begun go on when its client is gone", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const { port } = yield* ServerAddress
        const name = key()
        const body = camera()
        const text = JSON.stringify(body)
        yield* Effect.promise(
          () =>
            new Promise<void>((gone) => {
              const socket = connect(port, "127.0.0.1", () =>
                socket.write(
                  `POST ${cameras} HTTP/1.1\r\nhost: x\r\ncookie: ${cookies.admin}\r\nidempotency-key: ${name}\r\n` +
                    `content-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
                  () => setTimeout(() => socket.destroy(), 3)
                )
              )
              socket.on("close", () => gone())
            })
        )
        const answer = yield* post(cameras, body, name).pipe(Effect.repeat({ until: ({ status }) => status !== 409, times: 200 }))
        expect(answer.status).toBe(201)
        expect(yield* named(body.name)).toHaveLength(1)
      })
    )

    it.effect("are done once by two servers on one database", () =>
      Effect.gen(function* () {
        const { connection, folder } = yield* EmbeddedDatabase
        const { cookies, url, visit } = yield* TestServer
        yield* Effect.gen(function* () {
          const other = yield* ServerAddress
          for (let round = 0; round < 5; round++) {
            const name = key()
            const body = camera()
            const both = Array.from({ length: 10 }, (_, index) =>
              visit({
                method: "POST",
                path: cameras,
                body,
                cookie: cookies.admin,
                headers: { "idempotency-key": name },
                at: index % 2 === 0 ? url : other.url
              })
            )
            const answers = yield* Effect.all(both, { concurrency: "unbounded" })
            const done = answers.filter((answer) => answer.status === 201 && !isReplay(answer))
            expect(done).toHaveLength(1)
            for (const answer of answers) {
              if (answer.status === 201) expect(answer.text).toBe(done[0]?.text)
              else expect([answer.status, kind(answer)]).toEqual([409, "urn:vigil:problem:idempotency-under-way"])
            }
            expect(yield* named(body.name)).toHaveLength(1)
          }
        }).pipe(Effect.provide(Layer.fresh(layerServerOver(layerStores(connection, folder), testConfig()))))
      })
    )
  })
})
