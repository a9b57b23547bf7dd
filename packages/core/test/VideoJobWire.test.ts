import { describe, expect, it } from "@effect/vitest"
import { CameraId, defaultTenant, ModelId, VideoJobId } from "@vigil/core/Ids"
import { laneOf, VideoJob } from "@vigil/core/VideoJob"
import { decodeVideoJob, encodeVideoJob, videoJobOf } from "@vigil/core/VideoJobWire"
import { DateTime, Either, Schema } from "effect"
import * as fc from "effect/FastCheck"

const job = (videoSegment: Uint8Array) =>
  new VideoJob({
    jobId: VideoJobId.make("0f0e6e0a-93a5-4b4e-8f8e-0d2f3f9a1c11"),
    customerId: defaultTenant,
    cameraId: CameraId.make("7f1f0c52-3f0c-4d7e-9c3b-3b8f4d3a9f10"),
    segmentSequence: 7,
    timestamp: DateTime.unsafeMake("2026-02-03T04:05:06.789Z"),
    videoSegment,
    metadata: {
      resolution: "640x480",
      bitrate: 812_000,
      duration: 5,
      frameCount: 75,
      enabledModels: [ModelId.make("yolox-nano")],
      priority: "CRITICAL",
      sourceQuality: { resolution: "640x480", bitrate: 812_000, fps: 15, codec: "h264" }
    }
  })

const terms = { framesPerSecond: 5 }

const header = (bytes: Uint8Array): unknown =>
  JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0))))

describe("VideoJob", () => {
  it("has exactly the structure that its consumers know", () => {
    const encoded = Schema.encodeSync(VideoJob)(job(Uint8Array.of(1, 2, 3)))
    expect(encoded).toEqual({
      jobId: "0f0e6e0a-93a5-4b4e-8f8e-0d2f3f9a1c11",
      customerId: defaultTenant,
      cameraId: "7f1f0c52-3f0c-4d7e-9c3b-3b8f4d3a9f10",
      segmentSequence: 7,
      timestamp: "2026-02-03T04:05:06.789Z",
      videoSegment: "AQID",
      metadata: {
        resolution: "640x480",
        bitrate: 812_000,
        duration: 5,
        frameCount: 75,
        enabledModels: ["yolox-nano"],
        priority: "CRITICAL",
        sourceQuality: { resolution: "640x480", bitrate: 812_000, fps: 15, codec: "h264" }
      }
    })
  })

  it("goes to the lane of its priority", () => {
    expect((["CRITICAL", "HIGH", "MEDIUM", "STANDARD"] as const).map(laneOf)).toEqual([
      "critical",
      "high",
      "standard",
      "standard"
    ])
  })
})

describe("VideoJobWire", () => {
  it("carries any bytes there and back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (segment) => {
        const read = Either.getOrThrow(decodeVideoJob(encodeVideoJob(job(segment), terms)))
        expect(videoJobOf(read.header, read.bytes)).toEqual(job(segment))
        expect(read.header.terms).toEqual(terms)
      })
    )
  })

  it("ends after the header where the segment is in the object store", () => {
    const message = encodeVideoJob(job(new Uint8Array(2_000_000)), terms, "some-object")
    expect(message.byteLength).toBeLessThan(1000)
    expect(header(message)).toMatchObject({ videoSegment: { _tag: "Object", bytes: 2_000_000, name: "some-object" } })
    expect(Either.getOrThrow(decodeVideoJob(message)).bytes).toHaveLength(0)
  })

  it("refuses whatever is not a job, without throwing", () => {
    const whole = encodeVideoJob(job(Uint8Array.of(1, 2, 3)), terms)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.byteLength - 1 }), (length) => {
        expect(Either.isLeft(decodeVideoJob(whole.subarray(0, length)))).toBe(true)
      })
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => Either.isLeft(decodeVideoJob(bytes))))
    expect(Either.isLeft(decodeVideoJob(Uint8Array.of(...whole, 4)))).toBe(true)
  })
})
