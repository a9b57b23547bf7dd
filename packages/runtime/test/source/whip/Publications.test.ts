import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { CameraId, defaultTenant } from "@vigil/core/Ids"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Publications } from "@vigil/core/port/Publications"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import { makeCameraActor } from "@vigil/runtime/camera/CameraActorLive"
import * as Sources from "@vigil/runtime/source/Sources"
import * as PublicationsLive from "@vigil/runtime/source/whip/PublicationsLive"
import { offerTracks, type PublishingConnection } from "@vigil/runtime/whip/PublishingConnection"
import { Effect, Exit, Layer, Logger, LogLevel, Schedule, Schema, type Scope } from "effect"
import * as fc from "effect/FastCheck"
import { picture } from "../../material/AccessUnits.js"
import { layerNoModels, layerWorkers } from "../../material/FakeMedia.js"
import { chromiumOffer } from "./ChromiumOffer.js"

const webRtc = { addresses: ["127.0.0.1"], ports: undefined, iceServers: [] }

const until = (what: string, condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error(`never: ${what}`) })
  )

/** A node with real sources, whose media workers only remember. */
const layerNode = PublicationsLive.layer(webRtc).pipe(
  Layer.provideMerge(Sources.layer.pipe(Layer.provideMerge(layerWorkers([])))),
  Layer.provideMerge(
    Layer.mergeAll(layerCameraStoreMemory, layerEventStoreMemory, layerBusMemory, layerNoModels, CameraActors.layer)
  ),
  Layer.provide(Logger.minimumLogLevel(LogLevel.None))
)

const addCamera = (url: string, enabled = true) =>
  Effect.gen(function* () {
    const store = yield* CameraStore
    const camera = yield* store.create(defaultTenant, { ...(yield* Schema.decode(NewCamera)({ name: url, url })), enabled })
    yield* makeCameraActor(camera, "here", "default:1")
    return camera.id
  })

const disable = (id: CameraId) =>
  Effect.gen(function* () {
    const camera = yield* (yield* CameraStore).update(defaultTenant, id, { enabled: false })
    yield* (yield* CameraActors).get(id)?.configure(camera) ?? Effect.void
  })

const stateOf = (id: CameraId) => Effect.map(CameraActors, (actors) => () => actors.get(id)?.status().state._tag)

const video = {
  index: 0,
  codec: "h264" as const,
  mimeType: "video/H264",
  clockRate: 90_000,
  parameterSets: [Uint8Array.of(0x67, 1), Uint8Array.of(0x68, 2)],
  parameters: "packetization-mode=1;profile-level-id=42e01f"
}

/** Sends a picture every so often until the scope ends. */
const playing = (connection: PublishingConnection) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      let index = 0
      return setInterval(() => {
        const next = picture(index++)
        // The bit after the header says that the slice begins a picture.
        connection.send({ ...next, units: next.units.map(([first = 0, , ...rest]) => Uint8Array.of(first, 0x88, ...rest)) })
      }, 20)
    }),
    (timer) => Effect.sync(() => clearInterval(timer))
  )

const offered = Effect.acquireRelease(
  Effect.promise(() =>
    offerTracks({ video, audio: undefined, silent: undefined }, { webRtc, silence: 1500, onKeyframeRequest: () => undefined })
  ),
  (connection) => Effect.sync(connection.close)
)

const publish = (id: CameraId) =>
  Effect.gen(function* () {
    const publications = yield* Publications
    const connection = yield* offered
    const { answer, publicationId } = yield* publications.open(id, connection.offer)
    yield* Effect.promise(() => connection.accept(answer))
    yield* Effect.promise(() => connection.connected)
    yield* playing(connection)
    return { connection, publicationId }
  })

type Needs = Layer.Layer.Success<typeof layerNode> | Scope.Scope

const test = (name: string, body: Effect.Effect<void, unknown, Needs>) =>
  it.scopedLive(name, () => Effect.provide(body, layerNode), 60_000)

describe("publications", () => {
  test(
    "bring a camera its stream, and end it",
    Effect.gen(function* () {
      const id = yield* addCamera("whip:")
      const actors = yield* CameraActors
      const state = yield* stateOf(id)
      const { connection, publicationId } = yield* publish(id)
      yield* until("it streams", () => (actors.get(id)?.status().source.accessUnits ?? 0) > 20)
      expect(state()).toBe("Streaming")
      const { description, source } = actors.get(id)?.status() ?? {}
      expect(description).toMatchObject({ protocol: "WHIP", tracks: [{ codec: "h264" }] })
      expect(source).toMatchObject({ damagedAccessUnits: 0, packetsLost: 0 })
      const publications = yield* Publications
      const other = CameraId.make("0b6c2f9a-6f5e-4a52-8a0e-2b8f0a3d8e11")
      expect(yield* Effect.flip(publications.close(id, "another"))).toMatchObject({ _tag: "PublicationNotFound" })
      expect(yield* Effect.flip(publications.close(other, publicationId))).toMatchObject({ _tag: "PublicationNotFound" })
      yield* publications.close(id, publicationId)
      yield* until("it stops", () => state() !== "Streaming")
      expect(yield* Effect.promise(() => connection.ended)).toBeTruthy()
      expect(yield* Effect.flip(publications.close(id, publicationId))).toMatchObject({ _tag: "PublicationNotFound" })
    })
  )

  test(
    "of a newer publisher take the place of the one before, whose end is told",
    Effect.gen(function* () {
      const id = yield* addCamera("whip:")
      const state = yield* stateOf(id)
      const actors = yield* CameraActors
      const first = yield* publish(id)
      yield* until("it streams", () => state() === "Streaming")
      const second = yield* publish(id)
      expect(yield* Effect.promise(() => first.connection.ended)).toBeTruthy()
      yield* until("it streams again", () => state() === "Streaming")
      yield* until("with pictures", () => (actors.get(id)?.status().source.accessUnits ?? 0) > 5)
      const publications = yield* Publications
      expect(yield* Effect.flip(publications.close(id, first.publicationId))).toMatchObject({ _tag: "PublicationNotFound" })
      yield* publications.close(id, second.publicationId)
    })
  )

  test(
    "end when the token is taken away, and when the camera is disabled",
    Effect.gen(function* () {
      const id = yield* addCamera("whip:")
      const publications = yield* Publications
      const first = yield* publish(id)
      yield* publications.closeAll(id)
      expect(yield* Effect.promise(() => first.connection.ended)).toBeTruthy()
      const second = yield* publish(id)
      yield* disable(id)
      expect(yield* Effect.promise(() => second.connection.ended)).toBeTruthy()
      const state = yield* stateOf(id)
      yield* until("it is disabled", () => state() === "Disabled")
      const error = yield* Effect.flip(publications.open(id, (yield* offered).offer))
      expect(error).toMatchObject({ _tag: "CameraNotRunning" })
    })
  )

  test(
    "to a camera that waits between two attempts wake it up",
    Effect.gen(function* () {
      const id = yield* addCamera("whip:")
      const state = yield* stateOf(id)
      const { publicationId } = yield* publish(id)
      yield* until("it streams", () => state() === "Streaming")
      const publications = yield* Publications
      for (let round = 0, last = publicationId; round < 3; round++) {
        yield* publications.close(id, last)
        yield* until("it waits", () => state() === "BackingOff")
        last = (yield* publish(id)).publicationId
        yield* until("it streams", () => state() === "Streaming")
      }
    })
  )

  test(
    "that make no sense disturb nobody",
    Effect.gen(function* () {
      const id = yield* addCamera("whip:")
      const state = yield* stateOf(id)
      const publications = yield* Publications
      const { connection } = yield* publish(id)
      yield* until("it streams", () => state() === "Streaming")
      let ended = false
      void connection.ended.then(() => {
        ended = true
      })
      for (const offer of ["", "hello", "v=0", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "x".repeat(70_000)]) {
        const error = yield* Effect.flip(publications.open(id, offer))
        expect(error, offer.slice(0, 40)).toMatchObject({ _tag: "PublicationRefused", reason: "offer" })
      }
      const whole = chromiumOffer.split("\r\n")
      const broken = fc.sample(
        fc.tuple(
          fc.subarray(whole, { minLength: 5 }),
          fc.array(
            fc.tuple(
              fc.nat(60),
              fc.constantFrom("", "a=", "a=fingerprint:sha-256 x", "a=ice-pwd:", "a=setup:x", "a=rtpmap:102 H264/0")
            )
          )
        ),
        40
      )
      for (const [lines, changes] of broken) {
        const made = ["v=0", ...lines]
        for (const [at, text] of changes) made[1 + (at % made.length)] = text
        const sdp = made.join("\r\n")
        // Whatever of it can be answered is led to the camera: only what cannot be is tried here.
        const exit = yield* Effect.exit(publications.open(id, sdp.replaceAll("H264/90000", "H26x/90000")))
        expect(Exit.isFailure(exit)).toBe(true)
      }
      expect(state()).toBe("Streaming")
      expect(ended).toBe(false)
    })
  )

  test(
    "by whoever has a token and means ill cost a camera its own stream at the most",
    Effect.gen(function* () {
      const id = yield* addCamera("whip:")
      const publications = yield* Publications
      const whole = chromiumOffer.split("\r\n")
      const odd = fc.sample(fc.tuple(fc.nat(whole.length - 1), fc.oneof(fc.string(), fc.constantFrom(...whole))), 25)
      for (const [at, text] of odd) {
        const sdp = whole.map((line, index) => (index === at ? text : line)).join("\r\n")
        yield* Effect.exit(publications.open(id, sdp))
      }
      const many = yield* Effect.all(
        Array.from({ length: 8 }, () => Effect.exit(publications.open(id, chromiumOffer))),
        { concurrency: "unbounded" }
      )
      expect(many.filter(Exit.isSuccess).length).toBeLessThan(8)
      const state = yield* stateOf(id)
      yield* publish(id)
      yield* until("it streams after all that", () => state() === "Streaming")
    })
  )

  test(
    "to a camera that is disabled, or not there, are refused",
    Effect.gen(function* () {
      const publications = yield* Publications
      const absent = CameraId.make("0b6c2f9a-6f5e-4a52-8a0e-2b8f0a3d8e11")
      for (const id of [absent, yield* addCamera("whip:", false)]) {
        expect(yield* Effect.flip(publications.open(id, chromiumOffer))).toMatchObject({ _tag: "CameraNotRunning" })
      }
    })
  )
})
