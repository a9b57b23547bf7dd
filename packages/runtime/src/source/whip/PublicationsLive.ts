import type { CameraId } from "@vigil/core/Ids"
import { CameraNotRunning } from "@vigil/core/port/CameraControl"
import { PublicationNotFound, PublicationRefused, Publications } from "@vigil/core/port/Publications"
import { Effect, Layer, Metric } from "effect"
import { randomUUID } from "node:crypto"
import { CameraActors } from "../../camera/CameraActors.js"
import { webRtcConfig, type WebRtcOptions } from "../../webrtc/WebRtcOptions.js"
import { acceptPublisher, type PublisherConnection } from "./PublisherConnection.js"
import { readOffer } from "./PublisherOffer.js"
import { WhipDoor } from "./WhipDoor.js"

/** How long a camera's source may take to come to the door; it is called when it does not stand there. */
const patience = "5 seconds"
/** How long answering may take: it looks for addresses of this machine, and asks STUN servers where there are some. */
const answerLimit = "10 seconds"

const publishersGauge = Metric.gauge("vigil_publications", { description: "Cameras that are published to over WebRTC (WHIP)" })

const make = (options: WebRtcOptions) =>
  Effect.gen(function* () {
    const actors = yield* CameraActors
    const door = yield* WhipDoor
    const publications = new Map<string, { readonly cameraId: CameraId; readonly connection: PublisherConnection }>()
    /** Cameras to which somebody is just being led: one at a time, so that nobody makes many connections at once. */
    const entering = new Set<CameraId>()

    const endAll = (why: string, of?: CameraId) =>
      Effect.sync(() => {
        for (const { cameraId, connection } of [...publications.values()]) {
          if (of === undefined || cameraId === of) connection.end(why)
        }
      })
    yield* Effect.addFinalizer(() => endAll("Vigil is stopped"))

    const refuse = (cameraId: CameraId, reason: PublicationRefused["reason"], detail: string) =>
      new PublicationRefused({ cameraId, reason, detail })

    const accept = (cameraId: CameraId, text: string) =>
      Effect.gen(function* () {
        const offer = yield* Effect.mapError(readOffer(text), (detail) => refuse(cameraId, "offer", detail))
        return yield* Effect.tryPromise({
          try: () => acceptPublisher(offer, options),
          catch: (error) => {
            const detail = error instanceof Error ? error.message : String(error)
            return refuse(cameraId, "offer", `the offer cannot be answered: ${detail}`)
          }
        }).pipe(
          Effect.timeoutFail({
            duration: answerLimit,
            onTimeout: () => refuse(cameraId, "offer", `the offer could not be answered within ${answerLimit}`)
          })
        )
      })

    /** A source that is busy with another publisher, or waits between two attempts, is opened anew for this one. */
    const leadIn = (cameraId: CameraId, connection: PublisherConnection) =>
      Effect.gen(function* () {
        if (!door.isAwaited(cameraId)) {
          yield* endAll("Another publisher took its place", cameraId)
          const actor = actors.get(cameraId)
          if (actor === undefined) return yield* new CameraNotRunning({ cameraId })
          yield* actor.restart
        }
        yield* door.bring(cameraId, connection).pipe(
          Effect.timeoutFail({
            duration: patience,
            onTimeout: () => refuse(cameraId, "camera", "its source does not wait for a publisher")
          })
        )
      }).pipe(Effect.onError(() => Effect.sync(() => connection.end("Nobody took the publisher in"))))

    const enter = (cameraId: CameraId) =>
      Effect.suspend(() => {
        if (entering.has(cameraId)) return refuse(cameraId, "busy", "another publisher is just connecting")
        entering.add(cameraId)
        return Effect.void
      })

    const open = (cameraId: CameraId, offer: string) =>
      Effect.gen(function* () {
        const actor = actors.get(cameraId)
        if (actor === undefined || actor.status().state._tag === "Disabled") return yield* new CameraNotRunning({ cameraId })
        yield* Effect.acquireRelease(enter(cameraId), () => Effect.sync(() => entering.delete(cameraId)))
        const connection = yield* accept(cameraId, offer)
        yield* leadIn(cameraId, connection)
        const publicationId = randomUUID()
        publications.set(publicationId, { cameraId, connection })
        publishersGauge.unsafeUpdate(publications.size, [])
        void connection.ended.then(() => {
          publications.delete(publicationId)
          publishersGauge.unsafeUpdate(publications.size, [])
        })
        yield* Effect.logInfo(`a publisher has come for camera ${cameraId}: ${connection.offer.video.mimeType}`)
        return { publicationId, answer: connection.answer }
      }).pipe(Effect.scoped, Effect.withSpan("Publications.open"))

    return Publications.of({
      open,
      close: (cameraId, publicationId) =>
        Effect.suspend(() => {
          const known = publications.get(publicationId)
          if (known === undefined || known.cameraId !== cameraId) return new PublicationNotFound({ publicationId })
          known.connection.end("The publisher ended its publication")
          return Effect.void
        }),
      closeAll: (cameraId) => endAll("The publisher may not publish any more: the camera's token was changed", cameraId)
    })
  })

/** Takes publishers in for the cameras of this node. */
export const layer = (options: WebRtcOptions) => Layer.scoped(Publications, make(options))

export const layerConfig = Layer.scoped(Publications, Effect.flatMap(webRtcConfig, make))
