import { describe, expect, it } from "@effect/vitest"
import { CameraId } from "@vigil/core/Ids"
import type { VideoCodec } from "@vigil/core/MediaTrack"
import { rtpTimestamp } from "@vigil/core/Overlay"
import { LiveViews } from "@vigil/core/port/LiveViews"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import { makeHub } from "@vigil/runtime/hub/Hub"
import { makeLiveStream } from "@vigil/runtime/live/LiveStream"
import * as LiveViewsLive from "@vigil/runtime/live/LiveViewsLive"
import { Effect, Layer, Schedule } from "effect"
import { RTCPeerConnection, RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters } from "werift"
import { picture } from "../material/AccessUnits.js"
import { makeCamera } from "../material/ControlNode.js"
import { play } from "../material/PlayedActor.js"

const cameraId = CameraId.make("7f1f0c52-3f0c-4d7e-9c3b-3b8f4d3a9f10")
const otherCamera = CameraId.make("0b6c2f9a-6f5e-4a52-8a0e-2b8f0a3d8e11")

const options = { addresses: ["127.0.0.1"], ports: undefined, iceServers: [], silence: 2_000, limit: 2 }

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("20 millis") }))

/** A camera that plays, with as much of an actor as viewers need. */
const playing = (codec: VideoCodec) =>
  Effect.gen(function* () {
    const hub = makeHub()
    hub.describe({ protocol: "test", tracks: [{ kind: "video", codec, parameterSets: [] }] })
    const live = makeLiveStream(hub)
    const actors = yield* CameraActors
    actors.set(cameraId, { ...play(makeCamera()).actor, id: cameraId, hub, live })
    return { hub, live }
  })

const codecs = (mimeType: string) => ({
  video: [new RTCRtpCodecParameters({ mimeType, clockRate: 90_000, parameters: "packetization-mode=1;profile-level-id=42e01f" })]
})

/** A viewer that counts what it is sent. */
const viewer = (mimeType = "video/H264", headerExtension?: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const connection = new RTCPeerConnection({
        iceServers: [],
        iceUseIpv6: false,
        iceAdditionalHostAddresses: ["127.0.0.1"],
        codecs: codecs(mimeType),
        headerExtensions: {
          video: headerExtension === undefined ? [] : [new RTCRtpHeaderExtensionParameters({ uri: headerExtension })]
        }
      })
      const received: Array<{
        readonly timestamp: number
        readonly marker: boolean
        readonly extensions: ReadonlyArray<string>
      }> = []
      connection.addTransceiver("video", { direction: "recvonly" })
      connection.onTrack.subscribe((track) =>
        track.onReceiveRtp.subscribe(({ header: { extensions, marker, timestamp } }) =>
          received.push({ timestamp, marker, extensions: extensions.map(({ payload }) => payload.toString("hex")) })
        )
      )
      await connection.setLocalDescription(await connection.createOffer())
      return { connection, received, offer: connection.localDescription?.sdp ?? "" }
    }),
    ({ connection }) => Effect.promise(() => connection.close())
  )

const test = (
  name: string,
  body: () => Effect.Effect<void, unknown, LiveViews | CameraActors | Effect.Effect.Context<ReturnType<typeof viewer>>>
) =>
  it.scopedLive(name, () =>
    body().pipe(Effect.provide(LiveViewsLive.layer(options).pipe(Layer.provideMerge(CameraActors.layer))))
  )

describe("LiveViews", () => {
  test("sends the newest group of pictures and then each picture, dated by media time", () =>
    Effect.gen(function* () {
      const { hub, live } = yield* playing("h264")
      for (let index = 0; index < 20; index++) void hub.publish(picture(index))
      const views = yield* LiveViews
      const { connection, offer, received } = yield* viewer()
      const { answer, viewId } = yield* views.open(cameraId, offer)
      yield* Effect.promise(() => connection.setRemoteDescription({ type: "answer", sdp: answer }))
      yield* until(() => received.length >= 5)
      void hub.publish(picture(20))
      yield* until(() => received.length >= 6)
      const expected = [15, 16, 17, 18, 19, 20].map((index) => rtpTimestamp(picture(index).mediaTime))
      expect(received.map(({ timestamp }) => timestamp)).toEqual(expected)
      expect(live.viewers()).toBe(1)
      yield* views.close(cameraId, viewId)
      expect(live.viewers()).toBe(0)
      expect(hub.readers()).toBe(0)
    }))

  test("asks browsers that know how to show each picture at once, without delay", () =>
    Effect.gen(function* () {
      const { hub } = yield* playing("h264")
      void hub.publish(picture(0))
      const views = yield* LiveViews
      const playoutDelay = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
      const viewers = [yield* viewer("video/H264", playoutDelay), yield* viewer()]
      for (const { connection, offer } of viewers) {
        const { answer } = yield* views.open(cameraId, offer)
        expect(answer.includes(playoutDelay)).toBe(offer.includes(playoutDelay))
        yield* Effect.promise(() => connection.setRemoteDescription({ type: "answer", sdp: answer }))
      }
      const firsts = viewers.map(({ received }) => received)
      yield* until(() => firsts.every((received) => received.some(({ marker }) => marker)))
      expect(firsts.map(([first]) => first?.extensions)).toEqual([["000000"], []])
    }))

  test("ends a viewer that is gone without a word", () =>
    Effect.gen(function* () {
      const { hub, live } = yield* playing("h264")
      void hub.publish(picture(0))
      const views = yield* LiveViews
      const { connection, offer, received } = yield* viewer()
      const { answer, viewId } = yield* views.open(cameraId, offer)
      yield* Effect.promise(() => connection.setRemoteDescription({ type: "answer", sdp: answer }))
      yield* until(() => received.length > 0)
      yield* Effect.promise(() => connection.close())
      yield* until(() => live.viewers() === 0)
      const error = yield* Effect.flip(views.close(cameraId, viewId))
      expect(error._tag).toBe("LiveViewNotFound")
    }))

  test("ends the views of an actor that has ended, so that the viewer asks again", () =>
    Effect.gen(function* () {
      const { hub, live } = yield* playing("h264")
      void hub.publish(picture(0))
      const views = yield* LiveViews
      const { connection, offer, received } = yield* viewer()
      const { answer, viewId } = yield* views.open(cameraId, offer)
      yield* Effect.promise(() => connection.setRemoteDescription({ type: "answer", sdp: answer }))
      yield* until(() => received.length > 0)
      // Another actor of the same camera: it moved away and came back.
      yield* playing("h264")
      yield* until(() => live.viewers() === 0)
      expect((yield* Effect.flip(views.close(cameraId, viewId)))._tag).toBe("LiveViewNotFound")
    }))

  test("ends no view in the name of another camera", () =>
    Effect.gen(function* () {
      yield* playing("h264")
      const views = yield* LiveViews
      const { offer } = yield* viewer()
      const { viewId } = yield* views.open(cameraId, offer)
      const error = yield* Effect.flip(views.close(otherCamera, viewId))
      expect(error._tag).toBe("LiveViewNotFound")
      yield* views.close(cameraId, viewId)
    }))

  test("refuses what it cannot serve, and says why", () =>
    Effect.gen(function* () {
      const views = yield* LiveViews
      const { offer } = yield* viewer()
      expect((yield* Effect.flip(views.open(cameraId, offer)))._tag).toBe("CameraNotRunning")
      yield* playing("h265")
      expect(yield* Effect.flip(views.open(cameraId, offer))).toMatchObject({ reason: "codec" })
      yield* playing("h264")
      expect(yield* Effect.flip(views.open(cameraId, "hello"))).toMatchObject({ reason: "offer" })
      expect(yield* Effect.flip(views.open(cameraId, "v=0\r\n"))).toMatchObject({ reason: "offer" })
      expect(yield* Effect.flip(views.open(cameraId, `v=0\r\n${"a=x\r\n".repeat(20_000)}`))).toMatchObject({ reason: "offer" })
    }))

  test("serves a masked camera of any codec, with what is coded anew", () =>
    Effect.gen(function* () {
      const { hub, live } = yield* playing("h265")
      live.mask(true)
      const views = yield* LiveViews
      const { connection, offer, received } = yield* viewer()
      const { answer } = yield* views.open(cameraId, offer)
      yield* Effect.promise(() => connection.setRemoteDescription({ type: "answer", sdp: answer }))
      yield* until(() => live.needsCoding())
      void hub.publish(picture(0))
      live.show(picture(15))
      yield* until(() => received.length > 0)
      expect(received[0]?.timestamp).toBe(rtpTimestamp(picture(15).mediaTime))
    }))

  test("serves no more viewers than it may", () =>
    Effect.gen(function* () {
      yield* playing("h264")
      const views = yield* LiveViews
      for (let count = 0; count < options.limit; count++) yield* views.open(cameraId, (yield* viewer()).offer)
      expect(yield* Effect.flip(views.open(cameraId, (yield* viewer()).offer))).toMatchObject({ reason: "limit" })
    }))
})
