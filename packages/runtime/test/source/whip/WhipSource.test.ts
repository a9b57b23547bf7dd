import { describe, expect, it } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { CameraId } from "@vigil/core/Ids"
import { type OpenSource, sourceConfig } from "@vigil/core/Source"
import type { PublisherConnection, PublisherListener } from "@vigil/runtime/source/whip/PublisherConnection"
import { readOffer } from "@vigil/runtime/source/whip/PublisherOffer"
import { WhipDoor } from "@vigil/runtime/source/whip/WhipDoor"
import { defaultWhipLimits } from "@vigil/runtime/source/whip/WhipLimits"
import { makeWhipSource } from "@vigil/runtime/source/whip/WhipSource"
import { Effect, Either, Fiber, Schedule } from "effect"
import {
  GenericNack,
  PictureLossIndication,
  RtcpPayloadSpecificFeedback,
  type RtcpPacket,
  RtcpRrPacket,
  RtcpSenderInfo,
  RtcpSrPacket,
  RtcpTransportLayerFeedback
} from "werift"
import { idr, inter as slice, rtp } from "../rtsp/ScriptedRtspServer.js"
import { chromiumOffer } from "./ChromiumOffer.js"

const camera = CameraId.make("7f1f0c52-3f0c-4d7e-9c3b-3b8f4d3a9f10")
const limits = {
  ...defaultWhipLimits,
  wait: 500,
  connect: 500,
  stall: 800,
  report: 40,
  look: 10,
  repeat: 30,
  reorder: { packets: 64, delay: 250 }
}

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("5 millis") }),
    Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error(`never so: ${String(condition)}`) })
  )

/** A publisher whose packets a test sends itself. */
const played = () => {
  let listener: PublisherListener | undefined
  let connect: () => void = () => undefined
  let end: (why: string) => void = () => undefined
  const sent: Array<RtcpPacket> = []
  const connection: PublisherConnection = {
    offer: Either.getOrThrow(readOffer(chromiumOffer)),
    answer: "v=0",
    connected: new Promise((resolve) => {
      connect = resolve
    }),
    ended: new Promise((resolve) => {
      end = resolve
    }),
    listen: (given) => {
      listener = given
    },
    sendRtcp: (packets) => void sent.push(...packets),
    end: (why) => end(why)
  }
  const lost = () =>
    sent.flatMap((packet) =>
      packet instanceof RtcpTransportLayerFeedback && packet.feedback instanceof GenericNack ? [packet.feedback.lost] : []
    )
  const keyframeRequests = () =>
    sent.filter((packet) => packet instanceof RtcpPayloadSpecificFeedback && packet.feedback instanceof PictureLossIndication)
  return {
    connection,
    connect: () => connect(),
    end: (why: string) => end(why),
    rtp: (bytes: Buffer) => listener?.onRtp(bytes),
    rtcp: (packet: RtcpPacket) => listener?.onRtcp(packet),
    lost,
    keyframeRequests,
    reports: () => sent.filter((packet) => packet instanceof RtcpRrPacket)
  }
}

type Played = ReturnType<typeof played>

/** A picture in one packet of the offer's H.264. */
const picture = (sequence: number, timestamp: number, payload: Buffer) =>
  rtp(sequence, timestamp, payload, { payloadType: 102, ssrc: 2001 })

const opened = (publisher: Played) =>
  Effect.gen(function* () {
    const door = yield* WhipDoor
    const units: Array<AccessUnit> = []
    const source = makeWhipSource(door, limits)
    const fiber = yield* Effect.fork(source.open(sourceConfig("whip:", { camera }), (unit) => void units.push(unit)))
    yield* door.bring(camera, publisher.connection)
    publisher.connect()
    const open: OpenSource = yield* Fiber.join(fiber)
    return { open, units }
  })

const whip = (name: string, body: Effect.Effect<void, unknown, WhipDoor | Effect.Effect.Context<ReturnType<typeof opened>>>) =>
  it.scopedLive(name, () => Effect.provide(body, WhipDoor.layer))

describe("a camera that is published to", () => {
  whip(
    "gets access units, dated by the publisher's reports",
    Effect.gen(function* () {
      const publisher = played()
      const { open, units } = yield* opened(publisher)
      const wallTime = Date.UTC(2026, 0, 2, 3, 4, 5)
      const ntp = (BigInt(wallTime / 1000 + 2_208_988_800) << 32n) | 0n
      const senderInfo = new RtcpSenderInfo({ ntpTimestamp: ntp, rtpTimestamp: 90_000, packetCount: 0, octetCount: 0 })
      publisher.rtcp(new RtcpSrPacket({ ssrc: 2001, senderInfo, reports: [] }))
      publisher.rtp(picture(1, 90_000, idr))
      publisher.rtp(picture(2, 93_000, slice))
      expect(units.map(({ damaged, keyframe }) => [keyframe, damaged])).toEqual([
        [true, false],
        [false, false]
      ])
      expect(units.map((unit) => unit.wallTime - wallTime)).toEqual([0, expect.closeTo(1000 / 30, 3)])
      expect(units.map((unit) => unit.wallClockOrigin)).toEqual(["sender-report", "sender-report"])
      expect((units[1]?.mediaTime ?? 0) - (units[0]?.mediaTime ?? 0)).toBeCloseTo(1e6 / 30, -1)
      expect(open.description).toMatchObject({
        protocol: "WHIP",
        tracks: [
          { kind: "video", codec: "h264" },
          { kind: "audio", codec: "opus" }
        ]
      })
      expect(open.statistics()).toMatchObject({ packets: 2, accessUnits: 2, keyframes: 1, packetsLost: 0 })
      yield* until(() => publisher.reports().length > 1)
    })
  )

  whip(
    "asks for packets that are missing, and puts them back in their place",
    Effect.gen(function* () {
      const publisher = played()
      const { open, units } = yield* opened(publisher)
      publisher.rtp(picture(65_534, 0, idr))
      publisher.rtp(picture(1, 9000, slice))
      expect(publisher.lost()).toEqual([[65_535, 0]])
      publisher.rtp(picture(0, 6000, slice))
      publisher.rtp(picture(65_535, 3000, slice))
      expect(units.map(({ damaged }) => damaged)).toEqual([false, false, false, false])
      expect(open.statistics()).toMatchObject({ packetsLost: 0, packetsReordered: 2, damagedAccessUnits: 0 })
      expect(publisher.keyframeRequests()).toHaveLength(0)
    })
  )

  whip(
    "asks again, gives up, and asks for a key frame then",
    Effect.gen(function* () {
      const publisher = played()
      const { open, units } = yield* opened(publisher)
      publisher.rtp(picture(10, 0, idr))
      publisher.rtp(picture(12, 6000, slice))
      yield* until(() => units.length === 2)
      expect(publisher.lost().length).toBeGreaterThan(1)
      expect(publisher.lost().every((lost) => lost.join() === "11")).toBe(true)
      expect(units.map(({ damaged }) => damaged)).toEqual([false, true])
      expect(open.statistics()).toMatchObject({ packetsLost: 1, damagedAccessUnits: 1 })
      expect(publisher.keyframeRequests()).toHaveLength(1)
      publisher.rtp(picture(13, 9000, slice))
      open.keyframe?.request()
      expect(publisher.keyframeRequests()).toHaveLength(1)
      publisher.rtp(picture(14, 12_000, idr))
      publisher.rtp(picture(15, 15_000, slice))
      expect(units.slice(-2).map(({ damaged }) => damaged)).toEqual([false, false])
    })
  )

  whip(
    "is lost with the reason that the connection gives",
    Effect.gen(function* () {
      const publisher = played()
      const { open } = yield* opened(publisher)
      publisher.end("The publisher ended its publication")
      const error = yield* Effect.flip(open.ended)
      expect(error).toMatchObject({ _tag: "SourceError", reason: "closed", url: "whip:" })
      expect(error.detail).toBe("The publisher ended its publication")
    })
  )

  whip(
    "is stalled when the publisher sends nothing, or no pictures any more",
    Effect.gen(function* () {
      const silent = played()
      const { open } = yield* opened(silent)
      expect(yield* Effect.flip(open.ended)).toMatchObject({ reason: "stalled", detail: expect.stringMatching(/^No picture/) })
      const stopped = played()
      const second = yield* opened(stopped)
      stopped.rtp(picture(1, 0, idr))
      const error = yield* Effect.flip(second.open.ended)
      expect(error).toMatchObject({ reason: "stalled", detail: expect.stringMatching(/^No further picture/) })
    })
  )

  whip(
    "ends its publisher when it is closed",
    Effect.gen(function* () {
      const publisher = played()
      yield* Effect.scoped(opened(publisher))
      expect(yield* Effect.promise(() => publisher.connection.ended)).toMatch(/stopped/)
    })
  )
})

describe("a camera without a publisher", () => {
  const open = Effect.flatMap(WhipDoor, (door) => makeWhipSource(door, limits).open(sourceConfig("whip:", { camera }), () => {}))

  whip(
    "says what to do",
    Effect.gen(function* () {
      const error = yield* Effect.flip(open)
      expect(error).toMatchObject({ reason: "unreachable", url: "whip:" })
      expect(error.detail).toContain("vigil agent")
      expect((yield* WhipDoor).isAwaited(camera)).toBe(false)
    })
  )

  whip(
    "gives up a publisher whose media find no way",
    Effect.gen(function* () {
      const door = yield* WhipDoor
      const fiber = yield* Effect.fork(Effect.flip(open))
      const publisher = played()
      yield* door.bring(camera, publisher.connection)
      expect(yield* Fiber.join(fiber)).toMatchObject({ reason: "timeout", detail: expect.stringContaining("UDP ports") })
      expect(yield* Effect.promise(() => publisher.connection.ended)).toMatch(/stopped/)
    })
  )

  whip(
    "takes one that was there first, and not one that has left",
    Effect.gen(function* () {
      const door = yield* WhipDoor
      const left = yield* Effect.fork(door.bring(camera, played().connection))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(left)
      const publisher = played()
      publisher.connect()
      const brought = yield* Effect.fork(door.bring(camera, publisher.connection))
      yield* Effect.yieldNow()
      yield* open
      yield* Fiber.join(brought)
      publisher.end("gone")
    })
  )

  whip(
    "cannot be looked at beforehand",
    Effect.gen(function* () {
      const source = makeWhipSource(yield* WhipDoor, limits)
      const error = yield* Effect.flip(source.open(sourceConfig("whip:"), () => {}))
      expect(error).toMatchObject({ reason: "unsupported", detail: expect.stringContaining("add the camera") })
    })
  )
})
