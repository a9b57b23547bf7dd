import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { configureCamera } from "@vigil/core/control/CameraCommands"
import { publicCamera } from "@vigil/core/PublicCamera"
import { Effect } from "effect"
import {
  cameraRuntimes,
  makeWorkerToken,
  managerStatus,
  noteHeartbeat,
  revokeWorkerToken,
  workerTokens
} from "../../application/ManagerOperations.js"
import { onMatch } from "../EntityTag.js"
import { toProblem } from "../ToProblem.js"

const answer = <Data>(message: string, data: Data) => ({ success: true as const, message, data })

export const layerManagerHandlers = HttpApiBuilder.group(VigilApi, "cameraManager", (handlers) =>
  handlers
    .handle("runtimes", () =>
      cameraRuntimes.pipe(
        Effect.map((data) => answer("Cameras with runtime status retrieved successfully", data)),
        Effect.mapError(toProblem)
      )
    )
    .handle("switch", ({ headers, path: { id }, payload: { status } }) =>
      onMatch(headers, (expected) =>
        configureCamera(id, { enabled: status === "enabled" }, expected).pipe(
          Effect.map((camera) => answer("Camera status updated successfully", publicCamera(camera))),
          Effect.mapError(toProblem)
        )
      )
    )
    .handle("status", () =>
      managerStatus.pipe(
        Effect.map((data) => answer("Camera manager status retrieved successfully", data)),
        Effect.mapError(toProblem)
      )
    )
)

export const layerHeartbeatHandlers = HttpApiBuilder.group(VigilApi, "heartbeat", (handlers) =>
  handlers.handle("beat", ({ path: { id }, payload }) =>
    noteHeartbeat(id, payload).pipe(
      Effect.as({ success: true as const, message: "Heartbeat received" }),
      Effect.mapError(toProblem)
    )
  )
)

export const layerWorkerTokenHandlers = HttpApiBuilder.group(VigilApi, "workerTokens", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(workerTokens, toProblem))
    .handle("create", ({ payload }) => Effect.mapError(makeWorkerToken(payload), toProblem))
    .handle("remove", ({ path: { id } }) => Effect.mapError(revokeWorkerToken(id), toProblem))
)
