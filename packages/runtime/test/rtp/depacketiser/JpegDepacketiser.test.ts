import { execFileSync } from "node:child_process"
import { jpegPayloads } from "@vigil/fixtures/rtp/JpegPayload"
import { jpegSize } from "@vigil/runtime/media/JpegSize"
import type { Frame } from "@vigil/runtime/rtp/depacketiser/Depacketiser"
import { makeJpegDepacketiser } from "@vigil/runtime/rtp/depacketiser/JpegDepacketiser"
import { RtpPacket } from "@vigil/runtime/rtp/RtpPacket"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { rtp } from "../../source/rtsp/ScriptedRtspServer.js"

/** A baseline JPEG image with the standard Huffman tables, as RTP needs it. */
const encode = (size: string, quality: number, ...options: ReadonlyArray<string>): Buffer =>
  execFileSync("ffmpeg", [
    ...[
      "-v",
      "error",
      "-f",
      "lavfi",
      "-i",
      `testsrc=size=${size}:rate=1`,
      "-frames:v",
      "1",
      "-c:v",
      "mjpeg",
      "-huffman",
      "default"
    ],
    ...["-q:v", String(quality), ...options, "-f", "mjpeg", "-"]
  ])

/** Gray pixels as ffmpeg decodes them; fails where it complains. */
const decode = (image: Uint8Array): Buffer =>
  execFileSync("ffmpeg", ["-v", "error", "-xerror", "-f", "mjpeg", "-i", "-", "-f", "rawvideo", "-pix_fmt", "gray", "-"], {
    input: image,
    maxBuffer: 1e8
  })

const receive = (packets: ReadonlyArray<Buffer>, size?: { width: number; height: number }) => {
  const frames: Array<Frame> = []
  let broken = 0
  const depacketiser = makeJpegDepacketiser({ onFrame: (frame) => frames.push(frame), onBrokenFrame: () => broken++ }, size)
  const packet = new RtpPacket()
  let last: number | undefined
  for (const bytes of packets) {
    if (!packet.read(bytes, 0, bytes.length)) continue
    const lost = last !== undefined && packet.sequence !== ((last + 1) & 0xffff)
    last = packet.sequence
    depacketiser.push(packet, lost)
    bytes.fill(0xee)
  }
  return { broken, frames, images: frames.map(({ units }) => Buffer.from(units[0] ?? [])) }
}

const packetsOf = (
  image: Buffer,
  first: number,
  timestamp: number,
  change = (payload: Buffer, _index: number): Buffer => payload
) => {
  const payloads = jpegPayloads(image, 600).map((payload) => Buffer.from(payload))
  return payloads.map((payload, index) =>
    rtp(first + index, timestamp, change(payload, index), { payloadType: 26, marker: index === payloads.length - 1 })
  )
}

describe("depacketising JPEG", () => {
  const gstreamer = (format: string): Buffer =>
    execFileSync("gst-launch-1.0", [
      ...["-q", "videotestsrc", "num-buffers=1", "!", `video/x-raw,format=${format},width=320,height=240`],
      ...["!", "jpegenc", "!", "fdsink", "fd=1"]
    ])

  it.each(["I420", "Y42B"])("gives back the picture: %s", (format) => {
    const image = gstreamer(format)
    const { frames, images } = receive(packetsOf(image, 1, 5))
    expect(frames).toMatchObject([{ keyframe: true, damaged: false, timestamp: 5 }])
    expect(jpegSize(images[0] ?? new Uint8Array())).toEqual({ width: 320, height: 240 })
    expect(decode(images[0] ?? new Uint8Array()).equals(decode(image))).toBe(true)
  })

  it("keeps restart markers", () => {
    const image = encode("320x240", 3, "-pix_fmt", "yuvj420p")
    // Puts a restart interval larger than the image into it: legal, and all that the headers can show.
    const at = image.indexOf("\xff\xda", 0, "latin1")
    const marked = Buffer.concat([image.subarray(0, at), Buffer.from([0xff, 0xdd, 0, 4, 0x10, 0]), image.subarray(at)])
    const { images } = receive(packetsOf(marked, 1, 5))
    expect(images[0]?.includes(Buffer.from([0xff, 0xdd, 0, 4, 0x10, 0]))).toBe(true)
    expect(decode(images[0] ?? new Uint8Array()).equals(decode(image))).toBe(true)
  })

  it("makes the tables of quality 1 to 99 by formula", () => {
    const image = encode("64x48", 5, "-pix_fmt", "yuvj420p")
    const withQuality = (quality: number) =>
      receive(
        packetsOf(image, 1, 5, (payload, index) => {
          payload[5] = quality
          return index === 0 ? Buffer.concat([payload.subarray(0, 8), payload.subarray(8 + 4 + 128)]) : payload
        })
      )
    const tableOf = (quality: number) => {
      const [made = Buffer.alloc(0)] = withQuality(quality).images
      const at = made.indexOf("\xff\xdb", 0, "latin1") + 5
      return [...made.subarray(at, at + 64)]
    }
    // Quality 50 is the table of ITU-T T.81 K.1 itself, in zigzag order; 99 nearly nothing but ones.
    expect(tableOf(50).slice(0, 6)).toEqual([16, 11, 12, 14, 12, 10])
    expect(Math.max(...tableOf(99))).toBeLessThanOrEqual(3)
    expect(tableOf(25).slice(0, 3)).toEqual([32, 22, 24])
    expect(withQuality(0).frames).toEqual([])
    expect(withQuality(100).frames).toEqual([])
  })

  it("remembers tables of quality 128 to 254 that are sent once", () => {
    const image = encode("64x48", 5, "-pix_fmt", "yuvj420p")
    const once = (first: number, send: boolean) =>
      packetsOf(image, first, first, (payload, index) => {
        payload[5] = 200
        if (index > 0 || send) return payload
        return Buffer.concat([payload.subarray(0, 8), Buffer.from([0, 0, 0, 0]), payload.subarray(8 + 4 + 128)])
      })
    const length = jpegPayloads(image, 600).length
    expect(receive(once(1, false)).frames).toEqual([])
    const { images } = receive([...once(1, true), ...once(1 + length, false)])
    expect(images).toHaveLength(2)
    expect(images[1]?.equals(images[0] ?? Buffer.alloc(0))).toBe(true)
  })

  it("takes the size of large pictures from elsewhere", () => {
    const large = (payload: Buffer) => {
      payload[6] = 0
      payload[7] = 0
      return payload
    }
    const image = encode("64x48", 5, "-pix_fmt", "yuvj420p")
    expect(receive(packetsOf(image, 1, 5, large)).frames).toEqual([])
    const { images } = receive(packetsOf(image, 1, 5, large), { width: 2592, height: 1944 })
    expect(jpegSize(images[0] ?? new Uint8Array())).toEqual({ width: 2592, height: 1944 })
  })

  it("leaves out images with a piece missing, and counts each once", () => {
    const image = encode("320x240", 3, "-pix_fmt", "yuvj420p")
    const count = jpegPayloads(image, 600).length
    const all = [0, 1, 2, 3].flatMap((index) => packetsOf(image, index * count, index * 100))
    const without = (...missing: ReadonlyArray<number>) =>
      receive(all.map((bytes) => Buffer.from(bytes)).filter((_, index) => !missing.includes(index)))
    expect(without()).toMatchObject({ broken: 0, frames: { length: 4 } })
    expect(without(count)).toMatchObject({ broken: 1, frames: { length: 3 } })
    expect(without(count + 3, count + 5)).toMatchObject({ broken: 1, frames: { length: 3 } })
    expect(without(2 * count - 1)).toMatchObject({ broken: 1, frames: { length: 3 } })
  })

  it("never throws, whatever comes", () => {
    const payload = fc
      .tuple(fc.constantFrom(0, 1, 64, 65, 130), fc.constantFrom(0, 50, 128, 255), fc.uint8Array({ maxLength: 150 }))
      .map(([type, quality, rest]) =>
        Buffer.concat([Buffer.from([0, 0, 0, rest.length % 3 === 0 ? 0 : 7, type, quality, 8, 8]), rest])
      )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(payload, fc.uint8Array({ maxLength: 20 })), fc.boolean()), { maxLength: 40 }),
        (all) => {
          receive(all.map(([bytes, marker], index) => rtp(index, 0, Buffer.from(bytes), { marker, payloadType: 26 })))
        }
      ),
      { numRuns: 500 }
    )
  })
})

describe("jpegSize", () => {
  it("is read from real images, and never throws", () => {
    expect(jpegSize(encode("642x362", 5))).toEqual({ width: 642, height: 362 })
    expect(jpegSize(Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 0))).toBeUndefined()
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0xff, 0xd8, 0xc0, 0xda, 0, 1, 2, 0x80), { maxLength: 60 }),
        (bytes) => void jpegSize(Uint8Array.of(0xff, 0xd8, ...bytes))
      )
    )
  })
})
