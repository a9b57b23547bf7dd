import { h264Payloads, h265Payloads } from "@vigil/fixtures/rtp/NalPayload"
import { type Depacketiser, type Frame, type FrameSink, maxFrameBytes } from "@vigil/runtime/rtp/depacketiser/Depacketiser"
import { makeH264Depacketiser } from "@vigil/runtime/rtp/depacketiser/H264Depacketiser"
import { makeH265Depacketiser } from "@vigil/runtime/rtp/depacketiser/H265Depacketiser"
import { RtpPacket } from "@vigil/runtime/rtp/RtpPacket"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { rtp } from "../../source/rtsp/ScriptedRtspServer.js"

interface Picture {
  readonly keyframe: boolean
  readonly units: ReadonlyArray<Uint8Array>
}

interface Codec {
  readonly name: string
  readonly make: (sink: FrameSink) => Depacketiser
  readonly payloads: typeof h264Payloads
  /** Unit headers, first bytes included: parameter sets, a slice that begins a picture and one that does not. */
  readonly sets: ReadonlyArray<string>
  readonly slice: (keyframe: boolean, first: boolean) => string
}

const codecs: ReadonlyArray<Codec> = [
  {
    name: "H.264",
    make: makeH264Depacketiser,
    payloads: h264Payloads,
    sets: ["6742c01e", "68ce3c80"],
    slice: (keyframe, first) => (keyframe ? "65" : "41") + (first ? "88" : "08")
  },
  {
    name: "H.265",
    make: (sink) => makeH265Depacketiser(sink, false),
    payloads: h265Payloads,
    sets: ["40010c01", "42010101", "4401c172"],
    slice: (keyframe, first) => (keyframe ? "2601" : "0201") + (first ? "af" : "2f")
  }
]

const pictureOf = (codec: Codec) =>
  fc.tuple(fc.boolean(), fc.array(fc.uint8Array({ minLength: 2, maxLength: 300 }), { minLength: 1, maxLength: 4 })).map(
    ([keyframe, slices]): Picture => ({
      keyframe,
      units: [
        ...(keyframe ? codec.sets.map((set) => Buffer.from(set, "hex")) : []),
        ...slices.map((bytes, index) => Buffer.concat([Buffer.from(codec.slice(keyframe, index === 0), "hex"), bytes]))
      ]
    })
  )

interface Sent {
  readonly bytes: Buffer
  readonly picture: number
}

interface Stream {
  readonly pictures: ReadonlyArray<Picture>
  readonly packets: ReadonlyArray<Sent>
}

const ticks = 6000

const streamOf = (codec: Codec): fc.Arbitrary<Stream> =>
  fc
    .record({
      pictures: fc.array(pictureOf(codec), { minLength: 1, maxLength: 20 }),
      payloadLimit: fc.integer({ min: 20, max: 400 }),
      aggregate: fc.boolean(),
      sequence: fc.integer({ min: 0, max: 65_535 }),
      timestamp: fc.integer({ min: 0, max: 0xffff_ffff })
    })
    .map(({ aggregate, payloadLimit, pictures, sequence, timestamp }) => {
      const all = [
        { keyframe: true, units: (pictures[0]?.keyframe === true ? pictures[0] : firstKeyframe(codec)).units },
        ...pictures
      ]
      const packets: Array<Sent> = []
      all.forEach((picture, index) => {
        const payloads = codec.payloads(picture.units, { aggregate, payloadLimit })
        payloads.forEach((payload, at) => {
          const bytes = rtp(sequence + packets.length, timestamp + index * ticks, Buffer.from(payload), {
            marker: at === payloads.length - 1
          })
          packets.push({ bytes, picture: index })
        })
      })
      return { pictures: all, packets }
    })

const firstKeyframe = (codec: Codec): Picture => ({
  keyframe: true,
  units: [...codec.sets, `${codec.slice(true, true)}0102`].map((hex) => Buffer.from(hex, "hex"))
})

/** Gives the packets, whose memory is overwritten after each call, to a fresh depacketiser. */
const receive = (codec: Codec, packets: ReadonlyArray<Buffer>) => {
  const frames: Array<Frame> = []
  let broken = 0
  const depacketiser = codec.make({ onFrame: (frame) => frames.push(frame), onBrokenFrame: () => broken++ })
  const packet = new RtpPacket()
  const shared = Buffer.alloc(70_000)
  let last: number | undefined
  for (const bytes of packets) {
    bytes.copy(shared)
    if (!packet.read(shared, 0, bytes.length)) continue
    const lost = last !== undefined && packet.sequence !== ((last + 1) & 0xffff)
    last = packet.sequence
    depacketiser.push(packet, lost)
    shared.fill(0xee)
  }
  return { frames, broken }
}

const hexOf = (units: ReadonlyArray<Uint8Array>) => units.map((unit) => Buffer.from(unit).toString("hex"))

describe.each(codecs)("depacketising $name", (codec) => {
  it("gives back what was sent", () => {
    fc.assert(
      fc.property(streamOf(codec), ({ packets, pictures }) => {
        const { broken, frames } = receive(
          codec,
          packets.map(({ bytes }) => bytes)
        )
        expect(frames.map(({ damaged, keyframe, units }) => ({ keyframe, damaged, units: hexOf(units) }))).toEqual(
          pictures.map(({ keyframe, units }) => ({ keyframe, damaged: false, units: hexOf(units) }))
        )
        const start = frames[0]?.timestamp ?? 0
        expect(frames.map(({ timestamp }) => (timestamp - start) >>> 0)).toEqual(pictures.map((_, index) => index * ticks))
        expect(broken).toBe(0)
      }),
      { numRuns: 300 }
    )
  })

  it("calls nothing whole after a loss that is not, nor what refers to it", () => {
    fc.assert(
      fc.property(streamOf(codec), fc.array(fc.nat(500), { minLength: 1, maxLength: 6 }), ({ packets, pictures }, drops) => {
        // What is missing before the first packet cannot be known.
        const dropped = new Set(drops.map((drop) => drop % packets.length).filter((index) => packets[index]?.picture !== 0))
        const kept = packets.filter((_, index) => !dropped.has(index))
        const { frames } = receive(
          codec,
          kept.map(({ bytes }) => bytes)
        )
        const hurt = new Set([...dropped].map((index) => packets[index]?.picture))
        const start = packets[0]?.bytes.readUInt32BE(4) ?? 0
        for (const frame of frames.filter(({ damaged }) => !damaged)) {
          const index = ((frame.timestamp - start) >>> 0) / ticks
          expect(hexOf(frame.units)).toEqual(hexOf(pictures[index]?.units ?? []))
          let from = index
          while (from > 0 && pictures[from]?.keyframe === false) from--
          for (let reference = from; reference <= index; reference++) expect(hurt.has(reference)).toBe(false)
        }
      }),
      { numRuns: 500 }
    )
  })

  it("recovers with the next whole key frame", () => {
    const intermediate = { keyframe: false, units: [Buffer.from(`${codec.slice(false, true)}aabb`, "hex")] }
    const pictures = [firstKeyframe(codec), intermediate, intermediate, intermediate, firstKeyframe(codec), intermediate]
    let sequence = 0
    const packets = pictures.flatMap((picture, index) =>
      codec
        .payloads(picture.units, { aggregate: true, payloadLimit: 1000 })
        .map((payload) => rtp(sequence++, index * ticks, Buffer.from(payload)))
    )
    const { frames } = receive(
      codec,
      packets.filter((_, index) => index !== 2)
    )
    expect(frames.map(({ damaged }) => damaged)).toEqual([false, false, true, false, false])
  })

  it("begins damaged when it joins between key frames", () => {
    const slice = Buffer.from(`${codec.slice(false, true)}aabb`, "hex")
    const { frames } = receive(codec, [
      rtp(1, 0, slice),
      ...firstKeyframe(codec).units.map((unit, index, all) =>
        rtp(index + 2, ticks, Buffer.from(unit), { marker: index === all.length - 1 })
      )
    ])
    expect(frames.map(({ damaged, keyframe }) => [keyframe, damaged])).toEqual([
      [false, true],
      [true, false]
    ])
  })

  it("keeps parameter sets for their picture that come with marker and time stamp of their own", () => {
    const units = firstKeyframe(codec).units
    const packets = units.map((unit, index) =>
      rtp(index, index === units.length - 1 ? 9000 : index * 10, Buffer.from(unit), { marker: true })
    )
    const { frames } = receive(codec, packets)
    expect(frames.map(({ timestamp, units: parts }) => [timestamp, parts.length])).toEqual([[9000, units.length]])
  })

  it("finds out cameras that set the marker on each slice", () => {
    const picture = (index: number) =>
      [...(index === 0 ? codec.sets : []), `${codec.slice(index === 0, true)}01`, `${codec.slice(index === 0, false)}02`].map(
        (hex) => Buffer.from(hex, "hex")
      )
    let sequence = 0
    const packets = [0, 1, 2, 3].flatMap((index) =>
      picture(index).map((unit) => rtp(sequence++, index * ticks, unit, { marker: true }))
    )
    const { frames } = receive(codec, packets)
    expect(frames.slice(2).map(({ units }) => hexOf(units))).toEqual([1, 2].map((index) => hexOf(picture(index))))
  })

  it("tells pictures apart by their time stamps where no marker is set", () => {
    const units = firstKeyframe(codec).units
    const packets = [0, 1].flatMap((index) =>
      units.map((unit, at) => rtp(index * units.length + at, index * ticks, Buffer.from(unit), { marker: false }))
    )
    const { frames } = receive(codec, packets)
    expect(frames.map(({ damaged, units: parts }) => [damaged, parts.length])).toEqual([[false, units.length]])
  })

  it("leaves out parameter sets that are repeated within a picture", () => {
    const [first = new Uint8Array()] = codec.sets.map((set) => Buffer.from(set, "hex"))
    const slices = [true, false].map((begins) => Buffer.from(`${codec.slice(true, begins)}01`, "hex"))
    const sent = [first, slices[0], first, slices[1]].flatMap((unit) => (unit === undefined ? [] : [unit]))
    const { frames } = receive(
      codec,
      sent.map((unit, index) => rtp(index, 0, Buffer.from(unit), { marker: index === 3 }))
    )
    expect(frames.map(({ units }) => hexOf(units))).toEqual([hexOf([first, ...slices])])
  })

  it("ends with bounded memory where a unit never ends", () => {
    const [start] = codec.payloads([Buffer.concat([Buffer.from(codec.slice(true, true), "hex"), Buffer.alloc(3000)])], {
      aggregate: false,
      payloadLimit: 1000
    })
    const piece = Buffer.concat([start ?? Buffer.alloc(0), Buffer.alloc(60_000)])
    const fragmentHeader = codec.name === "H.264" ? 1 : 2
    const packets = Array.from({ length: Math.ceil(maxFrameBytes / 60_000) + 100 }, (_, index) => {
      const payload = Buffer.from(piece)
      if (index > 0) payload[fragmentHeader] = (payload[fragmentHeader] ?? 0) & 0x7f
      return rtp(index, 0, payload, { marker: false })
    })
    const { broken, frames } = receive(codec, packets)
    expect([frames.length, broken]).toEqual([0, 1])
  })

  it("never throws, whatever comes", () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.constantFrom(0x18, 0x1c, 0x7c, 0x60, 0x62, 0x1d, 0x64, 0x00), fc.uint8Array({ maxLength: 40 }))
        .map(([type, rest]) => Uint8Array.of(type, ...rest))
    )
    const packet = fc.tuple(payload, fc.nat(3), fc.nat(3), fc.boolean())
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 60 }), (all) => {
        let sequence = 0
        const { frames } = receive(
          codec,
          all.map(([bytes, skipped, picture, marker]) =>
            rtp((sequence += 1 + skipped), picture * ticks, Buffer.from(bytes), { marker })
          )
        )
        for (const { units } of frames) for (const unit of units) expect(unit.length).toBeGreaterThan(0)
      }),
      { numRuns: 1000 }
    )
  })
})
