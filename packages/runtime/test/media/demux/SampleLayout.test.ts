import { describe, expect, it } from "@effect/vitest"
import { sampleLayout } from "@vigil/runtime/media/demux/SampleLayout"
import * as fc from "effect/FastCheck"

const sps = Uint8Array.from([0x67, 0x42, 0xc0, 0x1e, 9])
const pps = Uint8Array.from([0x68, 0xce, 0x3c])

const avcRecord = (lengthBytes: number) =>
  Uint8Array.from([1, 0x42, 0xc0, 0x1e, 0xfc | (lengthBytes - 1), 0xe1, 0, sps.length, ...sps, 1, 0, pps.length, ...pps])

const bigEndian = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

describe("AVC", () => {
  it("reads the parameter sets of its configuration", () => {
    expect(sampleLayout("h264", avcRecord(4)).parameterSets).toEqual([sps, pps])
  })

  it("splits samples of any length prefix, and leaves out what is cut off", () => {
    const unit = fc.uint8Array({ minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 4), fc.array(unit), fc.nat(5), (lengthBytes, units, cut) => {
        const { split } = sampleLayout("h264", avcRecord(lengthBytes))
        const sample = Buffer.concat(units.flatMap((bytes) => [bigEndian(bytes.length, lengthBytes), bytes]))
        expect(split(sample).map((bytes) => [...bytes])).toEqual(units.map((bytes) => [...bytes]))
        const broken = split(sample.subarray(0, Math.max(0, sample.length - cut)))
        expect(broken.map((bytes) => [...bytes])).toEqual(units.slice(0, broken.length).map((bytes) => [...bytes]))
        expect(broken.length).toBeGreaterThanOrEqual(units.length - Math.max(1, cut))
      })
    )
  })
})

it("reads HEVC parameter sets from their arrays", () => {
  const sets = [
    [0x40, 1, 7],
    [0x42, 1, 8, 9],
    [0x44, 1, 3]
  ]
  const record = Uint8Array.from([
    ...[1, ...Array<number>(20).fill(0), 0xff, sets.length],
    ...sets.flatMap((set) => [set[0] >> 1, 0, 1, 0, set.length, ...set])
  ])
  const layout = sampleLayout("h265", record)
  expect(layout.parameterSets.map((set) => [...set])).toEqual(sets)
  expect(layout.split(Uint8Array.from([0, 0, 0, 2, 0x26, 1])).map((unit) => [...unit])).toEqual([[0x26, 1]])
})

it("takes start codes where there is no configuration record", () => {
  const { parameterSets, split } = sampleLayout("h264", Uint8Array.from([0, 0, 0, 1, ...sps, 0, 0, 1, ...pps]))
  expect(parameterSets.map((set) => [...set])).toEqual([[...sps], [...pps]])
  expect(split(Uint8Array.from([0, 0, 1, 0x65, 1]))).toHaveLength(1)
})

it("takes any configuration and sample without failing", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("h264" as const, "h265" as const),
      fc.uint8Array(),
      fc.uint8Array(),
      (codec, configuration, sample) => {
        for (const first of [0, 1]) {
          const record = Uint8Array.from([first, ...configuration])
          const layout = sampleLayout(codec, record)
          for (const unit of [...layout.parameterSets, ...layout.split(sample)]) expect(unit.length).toBeGreaterThan(0)
        }
      }
    )
  )
})
