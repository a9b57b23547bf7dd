import { describe, expect, it } from "@effect/vitest"
import { longestOffer, readOffer } from "@vigil/runtime/source/whip/PublisherOffer"
import { Either } from "effect"
import * as fc from "effect/FastCheck"
import { chromiumOffer } from "./ChromiumOffer.js"

const why = (sdp: string) => Either.getOrElse(Either.flip(readOffer(sdp)), () => "taken")

const session = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
const video = (formats = "96", ...lines: ReadonlyArray<string>) =>
  [`m=video 9 UDP/TLS/RTP/SAVPF ${formats}`, ...lines].map((line) => `${line}\r\n`).join("")
const h264 = video("96", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f")
const audio = (formats: string, ...lines: ReadonlyArray<string>) =>
  [`m=audio 9 UDP/TLS/RTP/SAVPF ${formats}`, ...lines].map((line) => `${line}\r\n`).join("")

describe("a publisher's offer", () => {
  it("of a browser is taken with its H.264 and Opus, whatever it would rather send", () => {
    const offer = Either.getOrThrow(readOffer(chromiumOffer))
    expect(offer.video.mimeType).toBe("video/H264")
    expect(offer.video.format).toMatchObject({ payloadType: 102, clockRate: 90_000 })
    expect(offer.audio).toMatchObject({ mimeType: "audio/OPUS", format: { payloadType: 111, clockRate: 48_000 } })
    expect(offer.otherAudio).toBeUndefined()
  })

  it("may be H.265, with G.711 by its number alone, and audio that is not received", () => {
    const h265 = video("97", "a=rtpmap:97 H265/90000")
    expect(Either.getOrThrow(readOffer(session + h265 + audio("8")))).toMatchObject({
      video: { mimeType: "video/H265" },
      audio: { mimeType: "audio/PCMA", format: { payloadType: 8 } }
    })
    const other = Either.getOrThrow(readOffer(session + h264 + audio("98", "a=rtpmap:98 MPEG4-GENERIC/48000/2")))
    expect(other.audio).toBeUndefined()
    expect(other.otherAudio).toBe("MPEG4-GENERIC")
  })

  it("is refused for a reason that helps", () => {
    expect(why("hello")).toMatch(/not an SDP/)
    expect(why("")).toMatch(/not an SDP/)
    expect(why(session)).toMatch(/not an SDP/)
    expect(why(session + audio("8"))).toMatch(/no video/)
    expect(why(session + h264 + h264)).toMatch(/more than one/)
    expect(why(`${session}${h264}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n`)).toMatch(/beside video and audio/)
    expect(why(session + video("96", "a=rtpmap:96 VP8/90000"))).toMatch(/offered as VP8; H.264 or H.265/)
    expect(why(session + video("26"))).toMatch(/offered as JPEG/)
    const candidate = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
    expect(why(session + h264 + candidate.repeat(65))).toMatch(/more than 64 candidates/)
    expect(why(session + h264 + candidate.repeat(64))).toBe("taken")
    expect(why(session + h264 + "a=x\r\n".repeat(longestOffer))).toMatch(/longer than/)
  })

  it("never throws, whatever it is", () => {
    const line = fc.constantFrom(
      ...chromiumOffer.split("\r\n"),
      "m=",
      "m=video",
      "a=rtpmap:",
      "a=fmtp:999 x",
      "\0",
      "m=video 9 a 300"
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string()), { maxLength: 80 }), (lines) => {
        readOffer(["v=0", ...lines].join("\r\n"))
      })
    )
    fc.assert(fc.property(fc.string(), (text) => Either.isEither(readOffer(text))))
  })
})
