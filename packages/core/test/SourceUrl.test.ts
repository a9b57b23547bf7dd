import type { SourceError } from "@vigil/core/Source"
import { displayUrl, parseSourceUrl } from "@vigil/core/SourceUrl"
import { Either, Redacted } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const taken = (text: string) => {
  const { credentials, scheme, url } = Either.getOrThrow(parseSourceUrl(text))
  return { scheme, url, user: credentials?.username, password: credentials && Redacted.value(credentials.password) }
}

const refused = (text: string): SourceError => Either.getOrThrow(Either.flip(parseSourceUrl(text)))

describe("parseSourceUrl", () => {
  it.each([
    ["rtsp://10.0.0.1/stream", "rtsp://10.0.0.1/stream", undefined, undefined],
    [" rtsp://u:p@cam:8554/a?b=c&d=e ", "rtsp://cam:8554/a?b=c&d=e", "u", "p"],
    ["RTSPS://user:p%40ss%2F@[::1]:322/x", "rtsps://[::1]:322/x", "user", "p@ss/"],
    [
      "rtsp://192.0.2.7/Streaming/Channels/101?a=B&c=%41#x",
      "rtsp://192.0.2.7/Streaming/Channels/101?a=B&c=%41#x",
      undefined,
      undefined
    ],
    [" RTSP://user:pass@host:8554/x@y ", "rtsp://host:8554/x@y", "user", "pass"],
    ["rtsps://a%40b:c%3Ad@[2001:db8::1]:322/s", "rtsps://[2001:db8::1]:322/s", "a@b", "c:d"],
    ["rtsp://u:50%off@h/", "rtsp://h/", "u", "50%off"],
    ["rtsp://admin:p@ss:w#r?d@cam/x", "rtsp://cam/x", "admin", "p@ss:w#r?d"],
    ["rtsp://admin:100%@cam/x", "rtsp://cam/x", "admin", "100%"],
    ["rtsp://admin:%ff%fe@cam/x", "rtsp://cam/x", "admin", "%ff%fe"],
    ["rtsp://admin@cam/x", "rtsp://cam/x", "admin", ""],
    ["http://cam/mjpg?mail=a@b", "http://cam/mjpg?mail=a@b", undefined, undefined],
    ["https://u:@cam/", "https://cam/", "u", ""],
    ["file:///srv/a b.mp4".replace(" ", "%20"), "file:///srv/a%20b.mp4", undefined, undefined],
    ["v4l2:///dev/video0", "v4l2:///dev/video0", undefined, undefined],
    ["whip:", "whip:", undefined, undefined],
    [" WHIP:// ", "whip:", undefined, undefined]
  ])("takes %s apart", (text, url, user, password) => {
    expect(taken(text)).toEqual({ scheme: url.slice(0, url.indexOf(":")), url, user, password })
  })

  it.each([
    ["", "Expected scheme://"],
    ["cam/stream", "Expected scheme://"],
    ["rtmp://cam/x", "rtmp is not supported"],
    ["ftp://u:secret@h/", "ftp is not supported"],
    ["rtsp://u:secret@", "names no host"],
    ["rtsp://u:secret@h:port/", "malformed"],
    ["rtsp://", "names no host"],
    ["rtsp:///path", "names no host"],
    ["rtsp://cam:99999/x", "malformed"],
    ["rtsp://cam:0/x", "Port 0"],
    ["rtsp://u:secret@/x", "names no host"],
    ["rtsp://u:se/cret@cam/x", "malformed"],
    ["rtsp://u:x/y?se/cret@cam/x", "malformed"],
    ["rtsp://cam/a b", "blanks"],
    ["rtsp://cam/a\r\nX-Evil: 1", "blanks"],
    ["file://relative/path", "absolute path"],
    ["whip:camera-1", "nothing else"],
    ["whip://u:secret@host/", "nothing else"],
    [`rtsp://u:secret@cam/${"x".repeat(3000)}`, "longer than"]
  ])("refuses %j", (text, because) => {
    const error = refused(text)
    expect(error.reason).toBe(/^(rtmp|ftp):/.test(text) ? "unsupported" : "invalid-url")
    expect(error.detail).toContain(because)
    expect(JSON.stringify(error)).not.toMatch(/secret|se\/cret/)
  })

  it("leaves schemes that begin with x- to programs that embed Vigil", () => {
    const url = "x-snapshot://192.0.2.7:81/picture.jpg?quality=9"
    expect(taken(url.replace("192", "me:secret@192"))).toEqual({ scheme: "x-snapshot", url, user: "me", password: "secret" })
    expect(refused("xsnapshot://192.0.2.7/").reason).toBe("unsupported")
    expect(refused("x-snapshot:///picture.jpg").reason).toBe("invalid-url")
  })

  const secret = fc.stringMatching(/^[A-Za-z0-9!$&'()*+,;=:@#?%._~-]{6,20}$/)

  it("never repeats a password, whatever the rest looks like", () => {
    fc.assert(
      fc.property(secret, fc.webPath(), fc.constantFrom("rtsp", "rtmp", "http", "x", ""), (password, path, scheme) => {
        const text = `${scheme}://user:${password}Q@host:70000${path}`
        expect(displayUrl(text)).not.toContain(`${password}Q`)
        expect(JSON.stringify(refused(text))).not.toContain(`${password}Q`)
      })
    )
  })

  it("gives back what was put in, percent-encoded", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "binary" }), fc.string({ unit: "binary" }), (user, password) => {
        const text = `rtsp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@cam:554/s`
        expect(taken(text)).toEqual({ scheme: "rtsp", url: "rtsp://cam:554/s", user, password })
      })
    )
  })

  it("answers for any text", () => {
    const text = fc.string({ unit: "binary" })
    const any = fc.oneof(
      text,
      text.map((rest) => `rtsp://${rest}`)
    )
    fc.assert(
      fc.property(any, (given) => {
        expect(Either.isEither(parseSourceUrl(given))).toBe(true)
      })
    )
  })
})

describe("displayUrl", () => {
  it.each([
    ["rtsp://cam/x?user=admin&password=abc&channel=1", "rtsp://cam/x?user=***&password=***&channel=1"],
    ["http://a:b@cam/x?loginpas=1", "http://cam/x?loginpas=***"],
    ["http://cam/@x?mail=a@b", "http://cam/@x?mail=a@b"],
    ["rtsp://cam/user=admin_password=x_channel=1.sdp", "rtsp://cam/user=***_password=***_channel=1.sdp"]
  ])("hides the secrets of %s", (text, shown) => expect(displayUrl(text)).toBe(shown))
})
