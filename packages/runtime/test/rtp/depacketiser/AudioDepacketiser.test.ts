import { makeAacDepacketiser } from "@vigil/runtime/rtp/depacketiser/AacDepacketiser"
import { makeAudioDepacketiser } from "@vigil/runtime/rtp/depacketiser/AudioDepacketiser"
import { parseAudioSpecificConfig } from "@vigil/runtime/rtp/depacketiser/AudioSpecificConfig"
import type { Depacketiser, Frame, FrameSink } from "@vigil/runtime/rtp/depacketiser/Depacketiser"
import { RtpPacket } from "@vigil/runtime/rtp/RtpPacket"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { rtp } from "../../source/rtsp/ScriptedRtspServer.js"

const receive = (make: (sink: FrameSink) => Depacketiser, packets: ReadonlyArray<readonly [bytes: Buffer, lost?: boolean]>) => {
  const frames: Array<Frame> = []
  let broken = 0
  const depacketiser = make({ onFrame: (frame) => frames.push(frame), onBrokenFrame: () => broken++ })
  const packet = new RtpPacket()
  for (const [bytes, lost = false] of packets) {
    packet.read(bytes, 0, bytes.length)
    depacketiser.push(packet, lost)
    bytes.fill(0xee)
  }
  return {
    broken,
    frames: frames.map(({ damaged, timestamp, units }) => [timestamp, damaged, Buffer.from(units[0] ?? []).toString("hex")])
  }
}

const aac = (sink: FrameSink) => makeAacDepacketiser(sink, { sizeLength: 13, indexLength: 3, indexDeltaLength: 3 }, 1024)

/** RFC 3640 3.3.6. */
const payload = (frames: ReadonlyArray<Buffer>, sizes = frames.map(({ length }) => length)): Buffer => {
  const header = Buffer.alloc(2 + 2 * sizes.length)
  header.writeUInt16BE(16 * sizes.length, 0)
  sizes.forEach((size, index) => header.writeUInt16BE((size << 3) & 0xffff, 2 + 2 * index))
  return Buffer.concat([header, ...frames])
}

describe("depacketising AAC", () => {
  it("gives back any number of frames a packet, each with its time", () => {
    const frames = fc.array(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      { minLength: 1, maxLength: 8 }
    )
    fc.assert(
      fc.property(frames, fc.integer({ min: 0, max: 0xffff_ffff }), (all, timestamp) => {
        const expected = all.map((frame, index) => [(timestamp + index * 1024) >>> 0, false, frame.toString("hex")])
        expect(receive(aac, [[rtp(1, timestamp, payload(all))]])).toEqual({ broken: 0, frames: expected })
      })
    )
  })

  it("puts fragments together, and leaves out those with a piece missing", () => {
    const frame = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 0xff))
    const pieces = [frame.subarray(0, 400), frame.subarray(400, 800), frame.subarray(800)].map((piece, index) =>
      rtp(index, 9, payload([piece], [1000]), { marker: index === 2 })
    )
    const copy = () => pieces.map((piece) => Buffer.from(piece))
    const [a, b, c] = copy()
    expect(
      receive(
        aac,
        copy().map((piece) => [piece] as const)
      )
    ).toEqual({ broken: 0, frames: [[9, false, frame.toString("hex")]] })
    const small = rtp(3, 99, payload([Buffer.from("ab", "hex")]))
    if (a === undefined || b === undefined || c === undefined) throw new Error("three pieces")
    expect(receive(aac, [[a], [c, true], [small]]).frames).toEqual([[99, false, "ab"]])
  })

  it("never throws and never holds more than a frame", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.of(0, 16, 0x10, 0, ...rest))
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(bytes, fc.boolean()), { maxLength: 50 }), (all) => {
        receive(
          aac,
          all.map(([content, lost], index) => [rtp(index, 0, Buffer.from(content)), lost] as const)
        )
      }),
      { numRuns: 1000 }
    )
  })
})

describe("depacketising G.711 and Opus", () => {
  it("takes each payload for a frame, damaged after a loss", () => {
    const sent = [
      [rtp(1, 0, Buffer.from("aa", "hex"))],
      [rtp(2, 160, Buffer.alloc(0))],
      [rtp(4, 320, Buffer.from("bb", "hex")), true]
    ] as const
    expect(receive(makeAudioDepacketiser, sent)).toEqual({
      broken: 0,
      frames: [
        [0, false, "aa"],
        [320, true, "bb"]
      ]
    })
  })
})

describe("parseAudioSpecificConfig", () => {
  it.each([
    ["1210", 44_100, 2, 1024],
    ["1188", 48_000, 1, 1024],
    ["1408", 16_000, 1, 1024],
    ["1214", 44_100, 2, 960],
    ["17801f4008", 16_000, 1, 1024]
  ])("reads %s", (hex, sampleRate, channels, frameSamples) => {
    expect(parseAudioSpecificConfig(Buffer.from(hex, "hex"))).toEqual({ sampleRate, channels, frameSamples })
  })

  it("refuses what makes no sense and never throws", () => {
    expect(parseAudioSpecificConfig(new Uint8Array())).toBeUndefined()
    expect(parseAudioSpecificConfig(Buffer.from("1700", "hex"))).toBeUndefined()
    fc.assert(fc.property(fc.uint8Array({ maxLength: 10 }), (bytes) => void parseAudioSpecificConfig(bytes)))
  })
})
