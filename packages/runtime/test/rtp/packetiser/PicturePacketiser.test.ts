import { describe, expect, it } from "@effect/vitest"
import type { Frame } from "@vigil/runtime/rtp/depacketiser/Depacketiser"
import { makeH264Depacketiser } from "@vigil/runtime/rtp/depacketiser/H264Depacketiser"
import { makeH265Depacketiser } from "@vigil/runtime/rtp/depacketiser/H265Depacketiser"
import { largestPayload, type NalCodec } from "@vigil/runtime/rtp/packetiser/NalPackets"
import { PicturePacketiser } from "@vigil/runtime/rtp/packetiser/PicturePacketiser"
import { RtpPacket } from "@vigil/runtime/rtp/RtpPacket"
import * as fc from "effect/FastCheck"

const header: Readonly<Record<NalCodec, (type: number) => ReadonlyArray<number>>> = {
  h264: (type) => [0x60 | type],
  h265: (type) => [type << 1, 1]
}

/** A unit whose first byte after the header says that a slice begins a picture. */
const unit = (codec: NalCodec, type: number, length: number) => {
  const first = header[codec](type)
  return Uint8Array.from({ length }, (_, index) => first[index] ?? (index === first.length ? 0x80 : index & 0xff))
}

const types = (codec: NalCodec, payloads: ReadonlyArray<Uint8Array>) =>
  payloads.map(([first = 0]) => (codec === "h264" ? first & 0x1f : (first >> 1) & 0x3f))

/** What our own receiver makes of the payloads. */
const received = (codec: NalCodec, payloads: ReadonlyArray<Buffer>): ReadonlyArray<Frame> => {
  const frames: Array<Frame> = []
  const sink = { onFrame: (frame: Frame) => void frames.push(frame), onBrokenFrame: () => undefined }
  const depacketiser = codec === "h264" ? makeH264Depacketiser(sink) : makeH265Depacketiser(sink, false)
  payloads.forEach((payload, index) => {
    const packet = new RtpPacket()
    packet.bytes = payload
    packet.end = payload.length
    packet.sequence = index
    packet.timestamp = 1
    packet.marker = index === payloads.length - 1
    depacketiser.push(packet, false)
  })
  return frames
}

const slices = { h264: [1, 5], h265: [1, 19] } as const
const codecs = ["h264", "h265"] as const

describe.each(codecs)("a packetiser of %s", (codec) => {
  it("gives back every unit of any size, in packets that fit a datagram", () => {
    const made = fc.array(fc.tuple(fc.constantFrom(...slices[codec]), fc.integer({ min: 4, max: 5000 })), {
      minLength: 1,
      maxLength: 6
    })
    fc.assert(
      fc.property(made, (sizes) => {
        const units = sizes.map(([type, length]) => unit(codec, type, length))
        const payloads = new PicturePacketiser(codec).packetise(units, false)
        expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(largestPayload)
        const [frame] = received(codec, payloads)
        expect(frame?.units.map((bytes) => Buffer.from(bytes).toString("hex"))).toEqual(
          units.map((bytes) => Buffer.from(bytes).toString("hex"))
        )
      })
    )
  })

  it("marks the first and the last fragment", () => {
    const payloads = new PicturePacketiser(codec).packetise([unit(codec, slices[codec][1], 3 * largestPayload)], true)
    expect(payloads.map((payload) => (payload[header[codec](0).length] ?? 0) & 0xc0)).toEqual([0x80, 0, 0, 0x40])
  })
})

describe("parameter sets", () => {
  it("go before a key frame that lacks them, from the description or the stream", () => {
    const packetiser = new PicturePacketiser("h264", [unit("h264", 7, 12), unit("h264", 8, 5)])
    const keyframe = [unit("h264", 5, 100)]
    expect(types("h264", packetiser.packetise(keyframe, true))).toEqual([7, 8, 5])
    const withSets = [unit("h264", 7, 20), unit("h264", 8, 5), unit("h264", 8, 6), ...keyframe]
    expect(types("h264", packetiser.packetise(withSets, true))).toEqual([7, 8, 8, 5])
    expect(packetiser.packetise(keyframe, true)[0]).toHaveLength(20)
    expect(types("h264", packetiser.packetise([unit("h264", 1, 50)], false))).toEqual([1])
  })

  it("are three kinds in H.265", () => {
    const packetiser = new PicturePacketiser(
      "h265",
      [32, 33, 34].map((type) => unit("h265", type, 10))
    )
    expect(types("h265", packetiser.packetise([unit("h265", 19, 100)], true))).toEqual([32, 33, 34, 19])
  })
})

describe("what means nothing to a receiver", () => {
  it("is left out", () => {
    const h264 = [9, 6, 12, 1].map((type) => unit("h264", type, 40))
    expect(new PicturePacketiser("h264").packetise(h264, false)).toHaveLength(1)
    const h265 = [35, 39, 38, 1, 40].map((type) => unit("h265", type, 40))
    expect(new PicturePacketiser("h265").packetise(h265, false)).toHaveLength(1)
  })
})
