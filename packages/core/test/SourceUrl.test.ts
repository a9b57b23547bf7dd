import { describe, expect, it } from "@effect/vitest"
import { parseSourceUrl } from "@vigil/core/SourceUrl"
import { Either, Redacted } from "effect"
import * as fc from "effect/FastCheck"

const taken = (text: string) => {
  const { credentials, url } = Either.getOrThrow(parseSourceUrl(text))
  return credentials === undefined ? [url] : [url, credentials.username, Redacted.value(credentials.password)]
}

describe("parseSourceUrl", () => {
  it("takes user information off and leaves the rest byte by byte", () => {
    expect(taken("rtsp://192.0.2.7/Streaming/Channels/101?a=B&c=%41#x")).toEqual([
      "rtsp://192.0.2.7/Streaming/Channels/101?a=B&c=%41#x"
    ])
    expect(taken(" RTSP://user:pass@host:8554/x@y ")).toEqual(["rtsp://host:8554/x@y", "user", "pass"])
    expect(taken("rtsp://user@host/")).toEqual(["rtsp://host/", "user", ""])
    expect(taken("rtsps://a%40b:c%3Ad@[2001:db8::1]:322/s")).toEqual(["rtsps://[2001:db8::1]:322/s", "a@b", "c:d"])
    expect(taken("rtsp://u:50%off@h/")).toEqual(["rtsp://h/", "u", "50%off"])
    expect(taken("rtsp://u:p@ss@h/")).toEqual(["rtsp://h/", "u", "p@ss"])
    expect(taken("file:///videos/a b.mp4")).toEqual(["file:///videos/a b.mp4"])
    expect(taken("v4l2:///dev/video0")).toEqual(["v4l2:///dev/video0"])
  })

  it("finds every user name and password that was percent-encoded", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (name, password) => {
        const text = `rtsp://${encodeURIComponent(name)}:${encodeURIComponent(password)}@192.0.2.7/a`
        expect(taken(text)).toEqual(["rtsp://192.0.2.7/a", name, password])
      })
    )
  })

  it("tells what is wrong without repeating the password", () => {
    const cases = [
      ["", "invalid-url"],
      ["host/path", "invalid-url"],
      ["rtsp://u:secret@", "invalid-url"],
      ["rtsp://u:secret@h:99999/", "invalid-url"],
      ["ftp://u:secret@h/", "unsupported"],
      ["rtsp://u:secret@h:port/", "invalid-url"]
    ] as const
    for (const [text, reason] of cases) {
      const error = Either.getOrThrow(Either.flip(parseSourceUrl(text)))
      expect(error.reason, text).toBe(reason)
      expect(JSON.stringify(error) + error.message).not.toContain("secret")
    }
  })

  it("never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string().map((text) => `rtsp://${text}`)
        ),
        (text) => {
          expect(Either.isEither(parseSourceUrl(text))).toBe(true)
        }
      ),
      { numRuns: 500 }
    )
  })
})
