import { monotonicTime } from "@vigil/core/Time"
import { readRtcp, type SenderReport, writeReceiverReport } from "@vigil/runtime/rtp/RtcpPacket"
import { RtpPacket, sequenceDistance, timestampDistance } from "@vigil/runtime/rtp/RtpPacket"
import { RtpReceiver } from "@vigil/runtime/rtp/RtpReceiver"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { rtp } from "../source/rtsp/ScriptedRtspServer.js"

const read = (bytes: Buffer) => {
  const packet = new RtpPacket()
  return packet.read(bytes, 0, bytes.length) ? packet : undefined
}

describe("RtpPacket", () => {
  it("reads fields and payload, without contributing sources, extension and padding", () => {
    const bytes = Buffer.from(
      "b1e01234" + "89abcdef" + "fedcba98" + "00000001" + "bede0001" + "11223344" + "aabbcc" + "0002",
      "hex"
    )
    const packet = read(bytes)
    expect(packet).toMatchObject({ marker: true, payloadType: 96, sequence: 0x1234, timestamp: 0x89ab_cdef, ssrc: 0xfedc_ba98 })
    expect(bytes.toString("hex", packet?.start, packet?.end)).toBe("aabbcc")
  })

  it.each([
    "",
    "80600001",
    "40600001000000000000000100",
    "8f6000010000000000000001",
    "906000010000000000000001bede0100",
    "a06000010000000000000001ff",
    "a0600001000000000000000100"
  ])("refuses %s", (hex) => expect(read(Buffer.from(hex, "hex"))).toBeUndefined())

  it("never points outside of its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(20), fc.nat(20), (bytes, before, after) => {
        const all = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(after, 0xff)])
        const packet = new RtpPacket()
        if (!packet.read(all, before, before + bytes.length)) return
        expect(packet.start).toBeGreaterThanOrEqual(before + 12)
        expect(packet.end).toBeGreaterThanOrEqual(packet.start)
        expect(packet.end).toBeLessThanOrEqual(before + bytes.length)
      }),
      { numRuns: 2000 }
    )
  })

  it("measures distances on the circle", () => {
    expect(sequenceDistance(65_535, 0)).toBe(1)
    expect(sequenceDistance(0, 65_535)).toBe(-1)
    expect(timestampDistance(0xffff_ff00, 0x100)).toBe(0x200)
    expect(timestampDistance(0x100, 0xffff_ff00)).toBe(-0x200)
  })
})

const senderReport = (ssrc: number, seconds: number, fraction: number, timestamp: number): Buffer => {
  const bytes = Buffer.alloc(28)
  bytes.writeUInt32BE(0x80c8_0006, 0)
  bytes.writeUInt32BE(ssrc, 4)
  bytes.writeUInt32BE(seconds, 8)
  bytes.writeUInt32BE(fraction, 12)
  bytes.writeUInt32BE(timestamp, 16)
  return bytes
}

const reports = (bytes: Buffer) => {
  const seen: Array<SenderReport | number> = []
  readRtcp(bytes, 0, bytes.length, { onSenderReport: (report) => seen.push(report), onGoodbye: (ssrc) => seen.push(ssrc) })
  return seen
}

describe("RTCP", () => {
  it("tells UTC, in the NTP era that began in 2036, too", () => {
    const unix2023 = 1_700_000_000
    expect(reports(senderReport(5, unix2023 + 2_208_988_800, 0x8000_0000, 77))).toEqual([
      {
        ssrc: 5,
        wallTime: 1_700_000_000_500,
        timestamp: 77,
        compactNtp: (((unix2023 + 2_208_988_800) & 0xffff) * 0x10000 + 0x8000) >>> 0
      }
    ])
    expect(reports(senderReport(5, 1000, 0, 0))[0]).toMatchObject({ wallTime: Date.UTC(2036, 1, 7, 6, 28, 16) + 1_000_000 })
    expect(reports(senderReport(5, 0, 0, 0))).toEqual([])
  })

  it("is read in compound packets up to what does not fit", () => {
    const bye = Buffer.from("81cb000100000009", "hex")
    const unknown = Buffer.from("80cc000200000009" + "41424344", "hex")
    expect(reports(Buffer.concat([unknown, bye, Buffer.from("80c800ff00000000", "hex"), bye]))).toEqual([9])
  })

  it("never throws and never reads beyond its end", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void reports(Buffer.from(bytes))))
  })

  it("writes reports as RFC 3550 wants them", () => {
    const block = {
      ssrc: 7,
      fractionLost: 64,
      packetsLost: -2,
      highestSequence: 0x1_0005,
      jitter: 99,
      lastSenderReport: 0xaabb_ccdd,
      delaySinceSenderReport: 65_536
    }
    const bytes = writeReceiverReport(3, block, "vigil-1")
    expect(bytes.toString("hex", 0, 32)).toBe(
      "81c9000700000003" + "00000007" + "40fffffe" + "00010005" + "00000063" + "aabbccdd" + "00010000"
    )
    expect(bytes.toString("hex", 32)).toBe("81ca0004" + "00000003" + "0107" + Buffer.from("vigil-1").toString("hex") + "000000")
    expect(writeReceiverReport(3, undefined, "x").toString("hex", 0, 8)).toBe("80c9000100000003")
  })
})

describe("RtpReceiver", () => {
  const packet = (sequence: number, timestamp = 0, ssrc = 7) => {
    const taken = read(rtp(sequence, timestamp, Buffer.from([1]), { ssrc }))
    if (taken === undefined) throw new Error("not a packet")
    return taken
  }

  it("tells what is next, missing, late and new", () => {
    const receiver = new RtpReceiver(90_000)
    const take = (sequence: number, ssrc?: number) => receiver.take(packet(sequence, 0, ssrc), monotonicTime(0))
    expect([65_534, 65_535, 0, 3, 2, 3, 4].map((sequence) => take(sequence))).toEqual([
      "restart",
      "next",
      "next",
      "gap",
      "late",
      "late",
      "next"
    ])
    expect([20_000, 20_001].map((sequence) => take(sequence))).toEqual(["restart", "next"])
    expect(take(20_002, 8)).toBe("restart")
  })

  it("counts the loss between reports as a share, and in total", () => {
    const receiver = new RtpReceiver(90_000)
    for (const sequence of [65_530, 65_531, 65_533, 65_535, 1, 2]) receiver.take(packet(sequence), monotonicTime(0))
    expect(receiver.takeReport(monotonicTime(0))).toMatchObject({
      ssrc: 7,
      fractionLost: Math.floor((3 * 256) / 9),
      packetsLost: 3,
      highestSequence: 0x1_0002
    })
    for (const sequence of [3, 4]) receiver.take(packet(sequence), monotonicTime(0))
    expect(receiver.takeReport(monotonicTime(0))).toMatchObject({ fractionLost: 0, packetsLost: 3 })
  })

  it("gives back the last sender report and how long ago it came", () => {
    const receiver = new RtpReceiver(90_000)
    expect(receiver.takeReport(monotonicTime(0))).toBeUndefined()
    receiver.take(packet(1), monotonicTime(0))
    receiver.onSenderReport({ ssrc: 7, wallTime: 0, compactNtp: 0x1234_5678, timestamp: 0 }, monotonicTime(1000))
    expect(receiver.takeReport(monotonicTime(2500))).toMatchObject({
      lastSenderReport: 0x1234_5678,
      delaySinceSenderReport: 98_304
    })
  })

  it("measures jitter as RFC 3550 A.8 does", () => {
    const receiver = new RtpReceiver(90_000)
    let expected = 0
    for (let i = 0; i < 200; i++) {
      receiver.take(packet(i, i * 3000), monotonicTime(1e9 + (i * 3000) / 90 + (i % 2) * 10))
      if (i > 0) expected += (10 - expected) / 16
    }
    expect(receiver.jitter).toBeCloseTo(expected, 1)
  })

  it("has no jitter for packets that come when they should, over the wrap of the time stamp", () => {
    const receiver = new RtpReceiver(90_000)
    for (let i = 0; i < 100; i++) receiver.take(packet(i, 0xffff_0000 + i * 9000), monotonicTime(5e8 + i * 100))
    expect(receiver.jitter).toBeLessThan(0.1)
  })
})
