import { describe, expect, layer } from "@effect/vitest"
import { parseAddressList } from "@vigil/api/http/AddressList"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import { Effect, Either, Option } from "effect"
import { raw } from "./RawRequest.js"
import { layerTestServer, TestServer, testConfig } from "./TestServer.js"

const path = "/api/v1/setup"
const addresses = (...list: ReadonlyArray<string>) => Either.getOrThrow(parseAddressList(list))
const allowedAddresses = Option.some(addresses("192.0.2.0/24"))
const trustedProxies = addresses("127.0.0.1", "10.0.0.0/8")

/** What is answered to a request for this very address, as it is written. */
const ask = (port: number, address: string, authorization: string) =>
  raw(port, `GET ${address} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\nconnection: close\r\n\r\n`)

describe("the front door", () => {
  layer(layerTestServer(testConfig({ requestsPerMinute: 12 })), { excludeTestServices: true })((it) => {
    it.effect("counts the requests of each client, and answers 429 when they are too many", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const many = yield* Effect.replicateEffect(visit({ path, headers: { authorization: "Bearer one" } }), 14)
        expect(many.map(({ status }) => status)).toEqual([...Array.from({ length: 12 }, () => 200), 429, 429])
        const refused = many.at(-1)
        expect(refused?.headers.get("content-type")).toBe("application/problem+json")
        expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0)
        expect(refused?.headers.get("ratelimit")).toMatch(/^"requests";r=0;t=\d+$/)
        expect((yield* visit({ path, headers: { authorization: "Bearer two" } })).status).toBe(200)
        expect((yield* visit({ path: "/health/live", headers: { authorization: "Bearer one" } })).status).toBe(200)
      })
    )

    it.effect("counts them however their address is written", () =>
      Effect.gen(function* () {
        const { port } = yield* ServerAddress
        const ways = [
          "/api/v1/setup",
          "//api/v1/setup",
          "/API/v1/setup",
          "/%61pi/v1/setup",
          `http://127.0.0.1:${port}/api/v1/setup`
        ]
        for (const address of ways) expect(yield* ask(port, address, "Bearer three"), address).toMatch(/^ratelimit: "requests"/im)
        const many = yield* Effect.forEach([...ways, ...ways], (address) => ask(port, address, "Bearer three"))
        expect(many.at(-1)).toMatch(/^HTTP\/1.1 429 /)
      })
    )

    it.effect("counts refused credentials for the address that they come from", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const guess = (n: number) => visit({ path: "/api/v1/cameras", headers: { authorization: `Bearer guess-${n}` } })
        const statuses = Array<number>()
        for (let n = 0; n < 16; n++) statuses.push((yield* guess(n)).status)
        expect(statuses.slice(0, 12)).toEqual(Array.from({ length: 12 }, () => 401))
        expect(statuses).toContain(429)
      })
    )

    it.effect("says in problem details that nothing can be expected", () =>
      Effect.gen(function* () {
        const { port } = yield* ServerAddress
        const answer = yield* raw(port, "GET / HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\n\r\n")
        expect(answer).toMatch(/^HTTP\/1.1 417 [^]*application\/problem\+json[^]*urn:vigil:problem:expectation/)
      })
    )
  })

  layer(layerTestServer(testConfig({ allowedAddresses, trustedProxies })), { excludeTestServices: true })((it) => {
    it.effect("answers addresses that are allowed, and this machine", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const from = (address: string) => visit({ path, headers: { "x-forwarded-for": address } })
        expect((yield* visit({ path })).status).toBe(200)
        expect((yield* from("192.0.2.9")).status).toBe(200)
        const refused = yield* from("198.51.100.1")
        expect(refused.status).toBe(403)
        expect(refused.json).toMatchObject({ type: "urn:vigil:problem:address" })
        expect((yield* from("no address")).status).toBe(403)
        expect((yield* from("192.0.2.9, 10.0.0.1")).status).toBe(200)
        expect((yield* from("192.0.2.9, 198.51.100.1")).status).toBe(403)
      })
    )
  })

  const friend = "https://dashboard.example"
  layer(layerTestServer(testConfig({ allowedOrigins: new Set([friend]) })), { excludeTestServices: true })((it) => {
    it.effect("lets pages of allowed origins read and ask, and no others", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const asked = { "access-control-request-method": "POST" }
        const preflight = yield* visit({ method: "OPTIONS", path, headers: { origin: friend, ...asked } })
        expect(preflight.status).toBe(204)
        expect(preflight.headers.get("access-control-allow-origin")).toBe(friend)
        expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH")
        expect((yield* visit({ path, headers: { origin: friend } })).headers.get("access-control-allow-origin")).toBe(friend)
        const stranger = yield* visit({ method: "OPTIONS", path, headers: { origin: "https://evil.example", ...asked } })
        expect(stranger.headers.get("access-control-allow-origin")).toBeNull()
        expect(stranger.headers.get("vary")).toBe("Origin")
      })
    )
  })
})
