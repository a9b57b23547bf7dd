import type { EdgeAnswer, EdgeCommand } from "@vigil/core/EdgeCommand"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { LiveViews } from "@vigil/core/port/LiveViews"
import { Effect } from "effect"

/** Does what the centre wants of a camera of this edge; what it cannot do is an answer too. */
export const runCommand = ({ action, cameraId }: EdgeCommand) =>
  Effect.gen(function* () {
    const control = yield* CameraControl
    const views = yield* LiveViews
    switch (action._tag) {
      case "Restart":
        return { _tag: "Restarted", status: yield* control.restart(cameraId) } satisfies EdgeAnswer
      case "Snapshot":
        return { _tag: "Picture", jpeg: yield* control.snapshot(cameraId) } satisfies EdgeAnswer
      case "RequestKeyframe":
        return { _tag: "Asked", method: yield* control.requestKeyframe(cameraId) } satisfies EdgeAnswer
      case "OpenView":
        return { _tag: "Opened", ...(yield* views.open(cameraId, action.offer)) } satisfies EdgeAnswer
      case "CloseView":
        yield* views.close(cameraId, action.viewId)
        return { _tag: "Closed" } satisfies EdgeAnswer
    }
  }).pipe(Effect.catchAll((error) => Effect.succeed<EdgeAnswer>({ _tag: "Refused", error })))
