import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { cameraSnapshot, cameraStatus, configureCamera, getCamera, restartCamera } from "@vigil/core/control/CameraCommands"
import { Effect, Either } from "effect"
import { changeCameras } from "../../application/CameraBulk.js"
import { exportCameras, importCameras } from "../../application/CameraSheets.js"
import {
  cameraStatuses,
  closeView,
  createCamera,
  openView,
  probeSource,
  queryCameras,
  removeCamera
} from "../../application/CameraOperations.js"
import { writeCsv } from "../../sheet/Csv.js"
import { writeXlsx } from "../../sheet/Xlsx.js"
import { cameraPageResponse, cameraResponse } from "../CameraJson.js"
import { currentStay } from "../Authentication.js"
import { onMatch, setHeaders, tagged } from "../EntityTag.js"
import { probeProblem, toProblem } from "../ToProblem.js"

const utf8Bytes = new TextEncoder()

const asFile = (name: string) => ({ "content-disposition": `attachment; filename="${name}"` })

export const layerCameraHandlers = HttpApiBuilder.group(VigilApi, "cameras", (handlers) =>
  handlers
    .handle("list", ({ urlParams }) =>
      Effect.mapBoth(queryCameras(urlParams), { onSuccess: cameraPageResponse, onFailure: toProblem })
    )
    .handle("create", ({ payload }) =>
      createCamera(payload).pipe(
        Effect.tap((camera) => setHeaders({ location: `/api/v1/cameras/${camera.id}` })),
        Effect.flatMap(tagged),
        Effect.mapBoth({ onSuccess: cameraResponse(201), onFailure: toProblem })
      )
    )
    .handle("statuses", () => Effect.mapError(cameraStatuses, toProblem))
    .handle("probe", ({ payload: { camera, cameraId, seconds } }) =>
      probeSource(camera, seconds, cameraId).pipe(
        Effect.mapError((error) => (error._tag === "SourceError" ? probeProblem(error) : toProblem(error)))
      )
    )
    .handle("bulk", ({ payload }) =>
      changeCameras(payload).pipe(
        Effect.map((outcomes) => ({
          results: outcomes.map(({ id, outcome }) => {
            if (Either.isRight(outcome)) return { id, done: true }
            const { detail = "", type } = toProblem(outcome.left)
            return { id, done: false, problem: { type, detail } }
          })
        })),
        Effect.mapError(toProblem)
      )
    )
    .handle("import", ({ payload, urlParams }) => Effect.mapError(importCameras(payload, urlParams), toProblem))
    .handle("exportCsv", () =>
      exportCameras.pipe(
        Effect.map((rows) => utf8Bytes.encode(writeCsv(rows))),
        Effect.tap(setHeaders(asFile("cameras.csv"))),
        Effect.mapError(toProblem)
      )
    )
    .handle("exportXlsx", () =>
      exportCameras.pipe(Effect.flatMap(writeXlsx), Effect.tap(setHeaders(asFile("cameras.xlsx"))), Effect.mapError(toProblem))
    )
    .handle("get", ({ path: { id } }) =>
      getCamera(id).pipe(Effect.flatMap(tagged), Effect.mapBoth({ onSuccess: cameraResponse(200), onFailure: toProblem }))
    )
    .handle("update", ({ headers, path: { id }, payload }) =>
      onMatch(headers, (expected) =>
        configureCamera(id, payload, expected).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem))
      ).pipe(Effect.map(cameraResponse(200)))
    )
    .handle("remove", ({ headers, path: { id } }) =>
      onMatch(headers, (expected) => Effect.mapError(removeCamera(id, expected), toProblem))
    )
    .handle("status", ({ path: { id } }) => Effect.mapError(cameraStatus(id), toProblem))
    .handle("snapshot", ({ path: { id } }) => Effect.mapError(cameraSnapshot(id), toProblem))
    .handle("restart", ({ path: { id } }) => Effect.mapError(restartCamera(id), toProblem))
)

const utf8 = new TextDecoder()

export const layerLiveHandlers = HttpApiBuilder.group(VigilApi, "live", (handlers) =>
  handlers
    .handle("open", ({ path: { id }, payload }) =>
      currentStay.pipe(
        Effect.flatMap((stay) => openView(id, utf8.decode(payload), stay)),
        Effect.tap(({ viewId }) => setHeaders({ location: `/api/v1/cameras/${id}/whep/${encodeURIComponent(viewId)}` })),
        Effect.map(({ answer }) => new TextEncoder().encode(answer)),
        Effect.mapError(toProblem)
      )
    )
    .handle("close", ({ path: { id, viewId } }) => Effect.mapError(closeView(id, viewId), toProblem))
)
