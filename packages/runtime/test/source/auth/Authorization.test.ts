import { createHash } from "node:crypto"
import type { Credentials } from "@vigil/core/Source"
import { authorize } from "@vigil/runtime/source/auth/Authorization"
import { parseChallenges } from "@vigil/runtime/source/auth/Challenge"
import { Redacted } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const credentials = (username: string, password: string): Credentials => ({ username, password: Redacted.make(password) })

const fields = (header: string) => Object.fromEntries(parseChallenges(header)[0]?.parameters ?? [])

const hash = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex")

describe("parseChallenges", () => {
  it("reads several challenges of one header", () => {
    const header = 'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple", Digest nonce=abc'
    expect(parseChallenges(header).map(({ parameters, scheme }) => [scheme, Object.fromEntries(parameters)])).toEqual([
      ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }],
      ["basic", { realm: "simple" }],
      ["digest", { nonce: "abc" }]
    ])
  })

  it("ends for any text", () => {
    const piece = fc.constantFrom("Digest", "Basic", ",", " ", "=", '"', "\\", "realm", "nonce=", '"a"', "\t", "é")
    fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void parseChallenges(pieces.join(""))))
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void parseChallenges(text)))
    expect(parseChallenges(`Digest ${"a=b,".repeat(100_000)}`)[0]?.parameters.size).toBeLessThanOrEqual(32)
  })
})

describe("authorize", () => {
  it("answers Basic", () => {
    const proof = authorize(['Basic realm="cam"'], credentials("Aladdin", "open sesame"))
    expect(proof?.header("DESCRIBE", "rtsp://cam/")).toBe("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
  })

  it("answers Digest without qop as RFC 2069", () => {
    const proof = authorize(['Digest realm="r", nonce="n"'], credentials("u", "p"))
    const response = hash("md5", `${hash("md5", "u:r:p")}:n:${hash("md5", "DESCRIBE:rtsp://cam/x")}`)
    expect(fields(proof?.header("DESCRIBE", "rtsp://cam/x") ?? "")).toEqual({
      username: "u",
      realm: "r",
      nonce: "n",
      uri: "rtsp://cam/x",
      response
    })
  })

  it.each([
    ["MD5", "md5"],
    ["SHA-256", "sha256"],
    ["SHA-512-256", "sha512-256"],
    ["MD5-sess", "md5"],
    ["sha-256-SESS", "sha256"]
  ])("answers Digest with %s and qop=auth as RFC 7616, counting up", (algorithm, name) => {
    const challenge = `Digest realm="a \\"b\\"", nonce="n/1=", qop="auth, auth-int", algorithm=${algorithm}, opaque="o"`
    const proof = authorize([challenge], credentials("Mufasa", "Circle of Life"))
    for (const nc of ["00000001", "00000002"]) {
      const sent = fields(proof?.header("GET", "/dir/index.html?a=1") ?? "")
      const identity = hash(name, 'Mufasa:a "b":Circle of Life')
      const ha1 = /sess/i.test(algorithm) ? hash(name, `${identity}:n/1=:${sent["cnonce"]}`) : identity
      const ha2 = hash(name, "GET:/dir/index.html?a=1")
      expect(sent["response"]).toBe(hash(name, `${ha1}:n/1=:${nc}:${sent["cnonce"]}:auth:${ha2}`))
      expect(sent).toMatchObject({ nc, qop: "auth", opaque: "o", algorithm, realm: 'a "b"' })
    }
  })

  it("takes the strongest that is offered and known", () => {
    const offered = [
      'Basic realm="x"',
      'Digest realm="x", nonce="1", algorithm=MD5',
      'Digest realm="x", nonce="2", algorithm=SHA-256'
    ]
    expect(fields(authorize(offered, credentials("u", "p"))?.header("A", "b") ?? "")["nonce"]).toBe("2")
    const unknown = ['Digest realm="x", nonce="1", algorithm=FOO', 'Digest realm="x", nonce="1", qop="auth-int"']
    expect(authorize(unknown, credentials("u", "p"))).toBeUndefined()
    expect(authorize([...unknown, "Basic"], credentials("u", "p"))?.header("A", "b")).toMatch(/^Basic /)
  })

  it("is renewed by a stale nonce only", () => {
    const proof = authorize(['Digest realm="x", nonce="1"'], credentials("u", "p"))
    expect(proof?.isRenewedBy(['Digest realm="x", nonce="2", stale=TRUE'])).toBe(true)
    expect(proof?.isRenewedBy(['Digest realm="x", nonce="1", stale=true'])).toBe(false)
    expect(proof?.isRenewedBy(['Digest realm="x", nonce="2"'])).toBe(false)
  })

  it("never lets a name or password break out of its header", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), fc.boolean(), (user, password, basic) => {
        const challenge = basic ? "Basic" : 'Digest realm="r", nonce="n"'
        expect(authorize([challenge], credentials(user, password))?.header("A", "b")).not.toMatch(/[\r\n]/)
      })
    )
  })
})
