import { CameraNotRunning } from "@vigil/core/port/CameraControl"
import { LiveViewNotFound, LiveViews } from "@vigil/core/port/LiveViews"
import { Duration, Effect, Layer } from "effect"
import { CameraActors } from "../camera/CameraActors.js"
import { answeredWithin } from "./AnsweredWithin.js"
import { CameraPlacement } from "../placement/CameraPlacement.js"

/** Answering an offer may gather candidates from a STUN server. */
const openLimit = Duration.seconds(15)
const closeLimit = Duration.seconds(5)

/**
 * Live views of the cameras of all nodes: the viewer's offer goes to the camera's node and its answer comes back; media goes from that node to the viewer
 * directly. Needs the `LiveViews` of this node alone.
 */
export const layer = Layer.effect(
  LiveViews,
  Effect.gen(function* () {
    const here = yield* LiveViews
    const actors = yield* CameraActors
    const client = yield* (yield* CameraPlacement).entity.client
    return LiveViews.of({
      open: (cameraId, offer) =>
        Effect.suspend(() =>
          actors.has(cameraId)
            ? here.open(cameraId, offer)
            : client(cameraId)
                .OpenView({ offer })
                .pipe(answeredWithin(openLimit, () => new CameraNotRunning({ cameraId })))
        ),
      // A view stays with its node; one of a camera that moved has ended there.
      close: (cameraId, viewId) =>
        here.close(cameraId, viewId).pipe(
          Effect.catchTag("LiveViewNotFound", (error) =>
            actors.has(cameraId)
              ? Effect.fail(error)
              : client(cameraId)
                  .CloseView({ viewId })
                  .pipe(answeredWithin(closeLimit, () => new LiveViewNotFound({ viewId })))
          )
        )
    })
  })
)
