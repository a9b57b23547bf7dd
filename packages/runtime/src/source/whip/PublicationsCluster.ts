import { CameraNotRunning } from "@vigil/core/port/CameraControl"
import { PublicationNotFound, Publications } from "@vigil/core/port/Publications"
import { Duration, Effect, Layer } from "effect"
import { CameraActors } from "../../camera/CameraActors.js"
import { answeredWithin } from "../../control/AnsweredWithin.js"
import { CameraPlacement } from "../../placement/CameraPlacement.js"

/** Answering an offer may gather candidates from a STUN server, and the camera's source may have to come to the door. */
const openLimit = Duration.seconds(15)
const closeLimit = Duration.seconds(5)

/**
 * Publications to the cameras of all nodes: the publisher's offer goes to the camera's node and its answer comes back; media goes from the publisher
 * to that node directly. A camera that moves ends its publication, and the publisher's next offer finds the new node. Needs the `Publications`
 * of this node alone.
 */
export const layer = Layer.effect(
  Publications,
  Effect.gen(function* () {
    const here = yield* Publications
    const actors = yield* CameraActors
    const client = yield* (yield* CameraPlacement).entity.client
    return Publications.of({
      open: (cameraId, offer) =>
        Effect.suspend(() =>
          actors.has(cameraId)
            ? here.open(cameraId, offer)
            : client(cameraId)
                .OpenPublication({ offer })
                .pipe(answeredWithin(openLimit, () => new CameraNotRunning({ cameraId })))
        ),
      close: (cameraId, publicationId) =>
        here.close(cameraId, publicationId).pipe(
          Effect.catchTag("PublicationNotFound", (error) =>
            actors.has(cameraId)
              ? Effect.fail(error)
              : client(cameraId)
                  .ClosePublication({ publicationId })
                  .pipe(answeredWithin(closeLimit, () => new PublicationNotFound({ publicationId })))
          )
        ),
      closeAll: (cameraId) =>
        Effect.suspend(() =>
          actors.has(cameraId)
            ? here.closeAll(cameraId)
            : client(cameraId)
                .ClosePublications()
                .pipe(
                  answeredWithin(closeLimit, () => new CameraNotRunning({ cameraId })),
                  // A camera that runs nowhere is published to nowhere.
                  Effect.catchTag("CameraNotRunning", () => Effect.void)
                )
        )
    })
  })
)
