import { createSocket } from "node:dgram"
import { randomBytes } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { RtpPacket } from "@vigil/runtime/rtp/RtpPacket"
import { acceptPublisher } from "@vigil/runtime/source/whip/PublisherConnection"
import { readOffer } from "@vigil/runtime/source/whip/PublisherOffer"
import { offerTracks } from "@vigil/runtime/whip/PublishingConnection"
import { Effect, Either, Schedule } from "effect"
import { picture } from "../../material/AccessUnits.js"

const webRtc = { addresses: ["127.0.0.1"], ports: undefined, iceServers: [] }
const video = {
  index: 0,
  codec: "h264" as const,
  mimeType: "video/H264",
  clockRate: 90_000,
  parameterSets: [],
  parameters: "packetization-mode=1;profile-level-id=42e01f"
}

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("10 millis") }),
    Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error(`never so: ${String(condition)}`) })
  )

/** A publisher and the end that receives it. */
const connected = Effect.gen(function* () {
  const publisher = yield* Effect.acquireRelease(
    Effect.promise(() =>
      offerTracks({ video, audio: undefined, silent: undefined }, { webRtc, silence: 60_000, onKeyframeRequest: () => undefined })
    ),
    (open) => Effect.sync(open.close)
  )
  const receiver = yield* Effect.acquireRelease(
    Effect.promise(() => acceptPublisher(Either.getOrThrow(readOffer(publisher.offer)), webRtc)),
    (open) => Effect.sync(() => open.end("the test is over"))
  )
  const packets: Array<Buffer> = []
  receiver.listen({ onRtp: (bytes) => void packets.push(bytes), onRtcp: () => undefined })
  yield* Effect.promise(() => publisher.accept(receiver.answer))
  yield* Effect.promise(() => Promise.all([publisher.connected, receiver.connected]))
  return { publisher, receiver, packets }
})

describe("a publisher's connection", () => {
  it.scopedLive("hands on whole RTP packets, as they were before encryption", () =>
    Effect.gen(function* () {
      const { packets, publisher } = yield* connected
      const units = [randomBytes(40), randomBytes(1000)].map((bytes) => Uint8Array.of(0x65, ...bytes))
      publisher.send(picture(0, { units }))
      yield* until(() => packets.length === 2)
      const read = packets.map((bytes) => {
        const packet = new RtpPacket()
        expect(packet.read(bytes, 0, bytes.length)).toBe(true)
        return packet
      })
      expect(read.map(({ bytes, end, start }) => bytes.subarray(start, end).toString("hex"))).toEqual(
        units.map((unit) => Buffer.from(unit).toString("hex"))
      )
      expect(read.map(({ marker }) => marker)).toEqual([false, true])
      expect(((read[1]?.sequence ?? 0) - (read[0]?.sequence ?? 0)) & 0xffff).toBe(1)
    })
  )

  it.scopedLive("stands what strangers send to its port", () =>
    Effect.gen(function* () {
      const { packets, publisher, receiver } = yield* connected
      let ended = false
      void receiver.ended.then(() => {
        ended = true
      })
      const port = Number(/candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+)/.exec(receiver.answer)?.[1])
      expect(port).toBeGreaterThan(0)
      const stranger = yield* Effect.acquireRelease(
        Effect.sync(() => createSocket("udp4")),
        (socket) => Effect.sync(() => socket.close())
      )
      const closeNotify = Buffer.from([21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 2, 1, 0])
      stranger.send(closeNotify, port, "127.0.0.1")
      // What STUN, DTLS, RTP and RTCP begin with, and nothing behind it that makes sense.
      const firsts = [0x00, 0x01, 0x14, 0x15, 0x16, 0x17, 0x40, 0x80, 0x90, 0xb0, 0xff]
      for (let index = 0; index < 1500; index++) {
        const bytes = randomBytes(1 + (index % 90))
        bytes[0] = firsts[index % firsts.length] ?? 0
        if (bytes.length > 1 && index % 3 === 0) bytes[1] = 200 + (index % 8)
        stranger.send(bytes, port, "127.0.0.1")
        if (index % 50 === 0) yield* Effect.sleep("2 millis")
      }
      publisher.send(picture(0))
      yield* until(() => packets.length > 0)
      expect(ended).toBe(false)
    })
  )
})
