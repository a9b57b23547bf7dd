import { describe, expect, it } from "@effect/vitest"
import { mediaTime, wallTime } from "@vigil/core/Time"
import { readRtcp, type SenderReport } from "@vigil/runtime/rtp/RtcpPacket"
import { timestampDistance } from "@vigil/runtime/rtp/RtpPacket"
import { OutgoingStream } from "@vigil/runtime/whip/OutgoingStream"
import { publishedTracks } from "@vigil/runtime/whip/PublishedTracks"
import * as fc from "effect/FastCheck"

const payloads = (count: number) => Array.from({ length: count }, (_, index) => Buffer.from([index]))

describe("a stream that is sent", () => {
  it("numbers its packets without gaps, and marks the last of a picture", () => {
    const stream = new OutgoingStream(7, 96, 90_000)
    const all = Array.from({ length: 40_000 }, (_, picture) =>
      stream.packetsOf(payloads(3), mediaTime(picture * 40_000), true)
    ).flat()
    const steps = all.slice(1).map((packet, index) => ({
      sequence: (packet.sequence - (all[index]?.sequence ?? 0)) & 0xffff,
      ticks: timestampDistance(all[index]?.timestamp ?? 0, packet.timestamp)
    }))
    expect(steps.filter(({ sequence }) => sequence !== 1)).toEqual([])
    expect(steps.filter(({ ticks }, index) => ticks !== (index % 3 === 2 ? 3600 : 0))).toEqual([])
    expect(all.filter(({ marker }, index) => marker !== (index % 3 === 2))).toEqual([])
  })

  it("remembers what it sent for a while", () => {
    const stream = new OutgoingStream(7, 96, 90_000)
    const packets = stream.packetsOf(payloads(2000), mediaTime(0), true)
    for (const packet of packets) stream.headerOf(packet)
    expect(stream.again(packets[1999]?.sequence ?? -1)).toBe(packets[1999])
    expect(stream.again(packets[1000]?.sequence ?? -1)).toBe(packets[1000])
    expect(stream.again(packets[0]?.sequence ?? -1)).toBeUndefined()
    expect(stream.again(((packets[1999]?.sequence ?? 0) + 1) & 0xffff)).toBeUndefined()
    expect(stream).toMatchObject({ packets: 2000, bytes: 2000, repeated: 2 })
  })

  it("tells the camera's wall clock, to a fraction of a millisecond, in this era of NTP and the next", () => {
    const times = fc.tuple(
      fc.double({ min: Date.UTC(2011, 0), max: Date.UTC(2080, 0), noNaN: true }),
      fc.integer({ min: 0, max: 10_000_000_000 })
    )
    fc.assert(
      fc.property(times, ([wall, media]) => {
        const stream = new OutgoingStream(7, 96, 90_000)
        expect(stream.report()).toBeUndefined()
        stream.date(mediaTime(media), wallTime(wall))
        const [packet] = stream.packetsOf(payloads(1), mediaTime(media), true)
        const bytes = stream.report()?.serialize() ?? Buffer.alloc(0)
        const reports: Array<SenderReport> = []
        readRtcp(bytes, 0, bytes.length, { onSenderReport: (report) => void reports.push(report), onGoodbye: () => undefined })
        expect(reports).toHaveLength(1)
        expect(reports[0]?.wallTime).toBeCloseTo(wall, 2)
        expect(reports[0]?.timestamp).toBe(packet?.timestamp)
      })
    )
  })
})

describe("what of a camera is published", () => {
  const video = {
    kind: "video",
    codec: "h264",
    parameterSets: [Uint8Array.of(0x67, 0x64, 0, 0x28, 1), Uint8Array.of(0x68, 1)]
  } as const

  it("is H.264 with the profile of its parameter sets, and audio that WebRTC carries", () => {
    const audio = { kind: "audio", codec: "pcma", sampleRate: 8000, channels: 1 } as const
    expect(publishedTracks({ protocol: "RTSP/TCP", tracks: [video, audio] })).toMatchObject({
      video: { index: 0, mimeType: "video/H264", parameters: expect.stringContaining("profile-level-id=640028") },
      audio: { index: 1, mimeType: "audio/PCMA", payloadType: 8 },
      silent: undefined
    })
  })

  it("leaves out other audio, and says so", () => {
    const audio = { kind: "audio", codec: "aac", sampleRate: 16_000, channels: 1 } as const
    expect(publishedTracks({ protocol: "RTSP/TCP", tracks: [audio, { ...video, codec: "h265" }] })).toMatchObject({
      video: { index: 1, mimeType: "video/H265" },
      audio: undefined,
      silent: expect.stringContaining("aac")
    })
  })

  it("is nothing of a camera that sends JPEG, or no video", () => {
    expect(publishedTracks({ protocol: "RTSP/TCP", tracks: [{ ...video, codec: "mjpeg" }] })).toMatch(/choose its H.264 stream/)
    expect(publishedTracks({ protocol: "RTSP/TCP", tracks: [] })).toMatch(/no video/)
  })
})
