import { execFileSync } from "node:child_process"
import { isH264Keyframe, isH264ParameterSet } from "@vigil/runtime/media/nal/H264"
import { parseH264Sps } from "@vigil/runtime/media/nal/H264Sps"
import { isH265Keyframe, isH265ParameterSet } from "@vigil/runtime/media/nal/H265"
import { parseH265Sps } from "@vigil/runtime/media/nal/H265Sps"
import type { SequenceParameters } from "@vigil/runtime/media/nal/SequenceParameters"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const splitUnits = (stream: Buffer): ReadonlyArray<Buffer> => {
  const units: Array<Buffer> = []
  let start = -1
  for (let at = stream.indexOf("\x00\x00\x01", 0, "latin1"); at >= 0; at = stream.indexOf("\x00\x00\x01", at + 3, "latin1")) {
    if (start >= 0) units.push(stream.subarray(start, stream[at - 1] === 0 ? at - 1 : at))
    start = at + 3
  }
  return start < 0 ? units : [...units, stream.subarray(start)]
}

const encode = (codec: "h264" | "hevc", size: string, rate: string, ...options: ReadonlyArray<string>): ReadonlyArray<Buffer> =>
  splitUnits(
    execFileSync("ffmpeg", [
      ...["-v", "error", "-f", "lavfi", "-i", `testsrc=size=${size}:rate=${rate}`, "-frames:v", "2"],
      ...["-c:v", codec === "h264" ? "libx264" : "libx265", "-preset", "ultrafast"],
      ...(codec === "hevc" ? ["-x265-params", "log-level=none"] : []),
      ...options,
      ...["-f", codec, "-"]
    ])
  )

const first = (units: ReadonlyArray<Buffer>, parse: (unit: Uint8Array) => SequenceParameters | undefined) => {
  const found = units.map(parse).filter((parameters) => parameters !== undefined)
  expect(found.length).toBeGreaterThan(0)
  return found[0]
}

describe("sequence parameter sets of H.264", () => {
  it.each([
    ["640x480", "15", ["-profile:v", "baseline", "-pix_fmt", "yuv420p"], "Constrained Baseline", "avc1.42c0"],
    ["1920x1080", "25", ["-profile:v", "high", "-preset", "veryfast", "-pix_fmt", "yuv420p"], "High ", "avc1.6400"],
    ["354x290", "30000/1001", ["-profile:v", "main", "-preset", "veryfast", "-pix_fmt", "yuv420p"], "Main", "avc1.4d"],
    ["322x242", "10", ["-profile:v", "high422", "-preset", "veryfast", "-pix_fmt", "yuv422p"], "High 4:2:2", "avc1.7a"],
    ["322x241", "10", ["-profile:v", "high444", "-preset", "veryfast", "-pix_fmt", "yuv444p"], "High 4:4:4", "avc1.f4"],
    ["720x576", "25", ["-flags", "+ilme+ildct", "-preset", "veryfast", "-pix_fmt", "yuv420p"], "High", "avc1.64"]
  ])("of %s at %s with %j", (size, rate, options, profile, codecString) => {
    const units = encode("h264", size, rate, ...options)
    const parameters = first(units, parseH264Sps)
    const [numerator = 0, denominator = 1] = rate.split("/").map(Number)
    expect(`${parameters?.width}x${parameters?.height}`).toBe(size)
    expect(parameters?.framesPerSecond).toBeCloseTo(numerator / denominator, 2)
    expect(parameters?.profile.startsWith(profile)).toBe(true)
    expect(parameters?.codecString.startsWith(codecString)).toBe(true)
    expect(isH264Keyframe(units)).toBe(true)
    expect(units.filter(isH264ParameterSet)).toHaveLength(2)
  })

  it("answer for no other unit, and for nothing that is cut off before the size", () => {
    const units = encode("h264", "640x480", "15", "-pix_fmt", "yuv420p")
    const [set] = units.filter((unit) => parseH264Sps(unit) !== undefined)
    expect(units.filter((unit) => parseH264Sps(unit) !== undefined)).toHaveLength(1)
    expect(parseH264Sps(set?.subarray(0, 5) ?? new Uint8Array())).toBeUndefined()
  })

  it("never throw and never answer with an absurd size", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const parameters = parseH264Sps(Uint8Array.of(0x67, ...bytes))
        expect(parameters === undefined || (parameters.width > 0 && parameters.width <= 16_384)).toBe(true)
      }),
      { numRuns: 2000 }
    )
  })
})

describe("sequence parameter sets of H.265", () => {
  it.each([
    ["640x480", "15", ["-pix_fmt", "yuv420p"], "Main", "hvc1.1.6.L"],
    ["1922x1082", "25", ["-pix_fmt", "yuv420p", "-preset", "medium"], "Main", "hvc1.1.6.L"],
    ["322x242", "30000/1001", ["-pix_fmt", "yuv420p10le"], "Main 10", "hvc1.2.4.L"]
  ])("of %s at %s with %j", (size, rate, options, profile, codecString) => {
    const units = encode("hevc", size, rate, ...options)
    const parameters = first(units, parseH265Sps)
    const [numerator = 0, denominator = 1] = rate.split("/").map(Number)
    expect(`${parameters?.width}x${parameters?.height}`).toBe(size)
    expect(parameters?.framesPerSecond).toBeCloseTo(numerator / denominator, 2)
    expect(parameters?.profile.startsWith(profile)).toBe(true)
    expect(parameters?.codecString.startsWith(codecString)).toBe(true)
    expect(isH265Keyframe(units)).toBe(true)
    expect(units.filter(isH265ParameterSet).length).toBeGreaterThanOrEqual(3)
  })

  it("never throw and never answer with an absurd size", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const parameters = parseH265Sps(Uint8Array.of(0x42, 0x01, ...bytes))
        expect(parameters === undefined || (parameters.width > 0 && parameters.width <= 16_384)).toBe(true)
      }),
      { numRuns: 2000 }
    )
  })
})
