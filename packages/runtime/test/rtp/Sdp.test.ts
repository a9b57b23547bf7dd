import { parseSdp, resolveControl } from "@vigil/runtime/rtp/Sdp"
import { chooseFormat } from "@vigil/runtime/rtp/TrackFormat"
import { parseTransport } from "@vigil/runtime/source/rtsp/TransportHeader"
import { VideoDescriber } from "@vigil/runtime/source/VideoDescriber"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const sdp = (...lines: ReadonlyArray<string>) => ["v=0", "o=- 1 1 IN IP4 10.0.0.1", "s=cam", "t=0 0", ...lines, ""].join("\r\n")

const tracks = (text: string) =>
  (parseSdp(text)?.medias ?? []).map((media) => {
    const format = chooseFormat(media)
    return format?.track instanceof VideoDescriber ? format.track.track : format?.track
  })

describe("parseSdp", () => {
  it("reads what cameras send", () => {
    const description = parseSdp(
      sdp(
        "a=control:rtsp://10.0.0.1/stream/",
        "m=video 0 RTP/AVP 96 97",
        "b=AS:5000",
        "a=control:trackID=1",
        "a=rtpmap:96 H264/90000",
        "a=fmtp:96 profile-level-id=640029; packetization-mode=1; sprop-parameter-sets=Z2QAKa2EBUViuKxUdCAqKxXFYqOhAVFYrisVHQ==,aO48sA==",
        "a=framerate:12.5",
        "m=audio 49170/2 RTP/AVP 0",
        "m=application 0 RTP/AVP 107",
        "a=rtpmap:107 vnd.onvif.metadata/90000"
      )
    )
    expect(description?.control).toBe("rtsp://10.0.0.1/stream/")
    expect(description?.medias.map(({ control, kind }) => [kind, control])).toEqual([
      ["video", "trackID=1"],
      ["audio", undefined],
      ["application", undefined]
    ])
    const [video, audio] = description?.medias ?? []
    expect(video?.frameRate).toBe(12.5)
    expect(video?.formats).toHaveLength(1)
    expect(video?.formats[0]).toMatchObject({ payloadType: 96, encoding: "H264", clockRate: 90_000 })
    expect(video?.formats[0]?.parameters.get("sprop-parameter-sets")).toMatch(/aO48sA==$/)
    expect(audio?.formats[0]).toMatchObject({ payloadType: 0, encoding: "PCMU", clockRate: 8000, channels: 1 })
  })

  it.each(["", "hello", "v=0\r\n", `${"a=x\n".repeat(5000)}m=video 0 RTP/AVP 96`])("refuses %#", (text) => {
    expect(parseSdp(text)).toBeUndefined()
  })

  it("leaves out what makes no sense", () => {
    const text = sdp(
      "m=video",
      "m=video x RTP/AVP 96",
      "m=video 0 RTP/AVP 96 999 abc",
      "a=rtpmap:96 H264/0",
      "a=rtpmap:nonsense",
      "a=framerate:-1",
      "a=fmtp:96"
    )
    expect(parseSdp(text)?.medias).toEqual([{ kind: "video", profile: "AVP", formats: [] }])
  })

  it("is bounded", () => {
    const many = sdp(
      ...Array.from(
        { length: 400 },
        () => `m=video 0 RTP/AVP ${Array.from({ length: 200 }, (_, index) => index % 128).join(" ")}`
      )
    )
    const medias = parseSdp(many)?.medias ?? []
    expect(medias.length).toBeLessThanOrEqual(32)
    for (const { formats } of medias) expect(formats.length).toBeLessThanOrEqual(32)
  })

  const word = fc.constantFrom(
    "m=",
    "a=",
    "video",
    "audio",
    " 0",
    " RTP/AVP",
    " 96",
    "\r\n",
    "\n",
    "rtpmap:",
    "fmtp:",
    "H264",
    "MPEG4-GENERIC",
    "/90000",
    "=",
    ";",
    "config=",
    "1210",
    "mode=AAC-hbr",
    "sizelength=13",
    "control:",
    "*",
    "x"
  )
  it("never throws, and neither do its readers", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 300 }),
          fc.array(word, { maxLength: 120 }).map((words) => words.join(""))
        ),
        (text) => {
          for (const media of parseSdp(`m=video 0 RTP/AVP 96\n${text}`)?.medias ?? []) chooseFormat(media)
        }
      ),
      { numRuns: 2000 }
    )
  })
})

describe("chooseFormat", () => {
  it("takes size and profile of the announced parameter sets", () => {
    const fmtp = "a=fmtp:96 sprop-parameter-sets=Z0LAFtoCgPbAWoMDA1KAAAADAIAAAA9HixdQ,aM48gA=="
    expect(tracks(sdp("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", fmtp))).toMatchObject([
      { kind: "video", codec: "h264", profile: "Constrained Baseline 2.2", width: 640, height: 480, framesPerSecond: 15 }
    ])
  })

  it("knows the video and audio codecs, static payload types included", () => {
    expect(
      tracks(
        sdp(
          ...[
            "m=video 0 RTP/AVP 26",
            "m=video 0 RTP/AVP 98",
            "a=rtpmap:98 H265/90000",
            "m=video 0 RTP/AVP 96",
            "a=rtpmap:96 H264/90000"
          ],
          ...["m=audio 0 RTP/AVP 8", "m=audio 0 RTP/AVP 97", "a=rtpmap:97 opus/48000/2", "a=fmtp:97 sprop-stereo=1"],
          ...["m=audio 0 RTP/AVP 99", "a=rtpmap:99 mpeg4-generic/16000/1"],
          "a=fmtp:99 streamtype=5; profile-level-id=15; mode=AAC-hbr; config=1408; SizeLength=13; IndexLength=3; IndexDeltaLength=3;"
        )
      )
    ).toMatchObject([
      { codec: "mjpeg" },
      { codec: "h265" },
      { codec: "h264" },
      { codec: "pcma", sampleRate: 8000, channels: 1 },
      { codec: "opus", sampleRate: 48_000, channels: 2 },
      { codec: "aac", sampleRate: 16_000, channels: 1, config: Uint8Array.of(0x14, 0x08) }
    ])
  })

  it.each([
    ["H.264 in interleaved mode", ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=2"]],
    ["LATM", ["m=audio 0 RTP/AVP 96", "a=rtpmap:96 MP4A-LATM/48000/2"]],
    [
      "CELP in MPEG4-GENERIC",
      ["m=audio 0 RTP/AVP 96", "a=rtpmap:96 MPEG4-GENERIC/8000", "a=fmtp:96 mode=CELP-cbr; config=1210; sizelength=6"]
    ],
    [
      "AAC without a configuration",
      ["m=audio 0 RTP/AVP 96", "a=rtpmap:96 MPEG4-GENERIC/8000", "a=fmtp:96 mode=AAC-hbr; sizelength=13"]
    ],
    ["metadata", ["m=application 0 RTP/AVP 96", "a=rtpmap:96 H264/90000"]]
  ])("does not take %s", (_, lines) => expect(tracks(sdp(...lines))).toEqual([undefined]))
})

describe("requests for a key frame", () => {
  const formatOf = (...lines: ReadonlyArray<string>) => {
    const [media] = parseSdp(["v=0", "m=video 0 RTP/AVPF 96", "a=rtpmap:96 H264/90000", ...lines].join("\r\n"))?.medias ?? []
    return media === undefined ? undefined : chooseFormat(media)
  }

  it.each([
    [["a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:96 ccm fir"], "pli"],
    [["a=rtcp-fb:* CCM  FIR"], "fir"],
    [["a=rtcp-fb:97 nack pli", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 ccm firm"], undefined],
    [[], undefined]
  ])("are taken as %j offers", (lines, method) => expect(formatOf(...lines)).toMatchObject({ profile: "AVPF", keyframe: method }))
})

describe("resolveControl", () => {
  it.each([
    ["rtsp://c/s", undefined, "rtsp://c/s"],
    ["rtsp://c/s", "*", "rtsp://c/s"],
    ["rtsp://c/s", "rtsp://10.0.0.9/t", "rtsp://10.0.0.9/t"],
    ["rtsp://c/s", "trackID=1", "rtsp://c/s/trackID=1"],
    ["rtsp://c/s/", "trackID=1", "rtsp://c/s/trackID=1"],
    ["rtsp://c/s?channel=1", "trackID=1", "rtsp://c/s?channel=1/trackID=1"],
    ["rtsp://c:8554/s", "/other/1", "rtsp://c:8554/other/1"]
  ])("of %s and %s", (base, control, url) => expect(resolveControl(base, control)).toBe(url))
})

describe("parseTransport", () => {
  it.each([
    ["RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=1234", { tcp: true, interleaved: [2, 3] }],
    ["RTP/AVP/TCP;interleaved=4", { tcp: true, interleaved: [4, 5] }],
    [
      "RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971;source=10.0.0.2",
      { tcp: false, serverPort: [6970, 6971], source: "10.0.0.2" }
    ],
    ["RTP/AVP/TCP;interleaved=900-901, RTP/AVP", { tcp: true }],
    ["", { tcp: false }]
  ])("reads %s", (header, answer) => expect(parseTransport(header)).toEqual(answer))

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseTransport(text)))
  })
})
