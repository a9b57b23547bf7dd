import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { CameraManagerStatus } from "../../CameraManager.js"
import { CameraWithRuntime } from "../../CameraWithRuntime.js"
import { CameraId } from "../../Ids.js"
import { CameraSwitch, PublicCamera } from "../../PublicCamera.js"
import { WorkerHeartbeat } from "../../WorkerHeartbeat.js"
import { MadeWorkerToken, NewWorkerToken, WorkerToken, WorkerTokenId } from "../../WorkerToken.js"
import { BadRequest, NotAllowed, NotFound, PreconditionFailed, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { SessionAuthentication } from "./SessionAuthentication.js"
import { WorkerAuthentication } from "./WorkerAuthentication.js"

/** Answers of these calls are wrapped as the DFIP's are, so that its programs need no more than another address. */
const done = { success: Schema.Literal(true), message: Schema.String }

export class CameraManagerGroup extends HttpApiGroup.make("cameraManager")
  .add(
    HttpApiEndpoint.get("runtimes", "/cameras/runtime").addSuccess(
      Schema.Struct({ ...done, data: Schema.Array(CameraWithRuntime) })
    )
  )
  .add(
    HttpApiEndpoint.patch("switch", "/cameras/:id/status")
      .setPath(Schema.Struct({ id: CameraId }))
      .setHeaders(IfMatch)
      .setPayload(Schema.Struct({ status: CameraSwitch }))
      .addSuccess(Schema.Struct({ ...done, data: PublicCamera }))
      .addError(NotFound)
      .addError(PreconditionFailed)
  )
  .add(HttpApiEndpoint.get("status", "/camera-manager/status").addSuccess(Schema.Struct({ ...done, data: CameraManagerStatus })))
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "How the cameras' workers are (everybody), the camera manager (operators), and cameras switched on and off (supervisors), with the field names of the DFIP."
  ) {}

export class HeartbeatGroup extends HttpApiGroup.make("heartbeat")
  .add(
    HttpApiEndpoint.post("beat", "/cameras/:id/heartbeat")
      .setPath(Schema.Struct({ id: CameraId }))
      .setPayload(WorkerHeartbeat)
      .addSuccess(Schema.Struct(done))
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(NotFound)
  .addError(Unavailable)
  .middleware(WorkerAuthentication)
  .annotate(
    OpenApi.Description,
    "An external worker of a camera says how it is, every 30 seconds or so: with a worker token (Authorization: Bearer), or an operator's session."
  ) {}

export class WorkerTokensGroup extends HttpApiGroup.make("workerTokens")
  .add(HttpApiEndpoint.get("list", "/worker-tokens").addSuccess(Schema.Array(WorkerToken)))
  .add(
    HttpApiEndpoint.post("create", "/worker-tokens")
      .setPayload(NewWorkerToken)
      .addSuccess(MadeWorkerToken, { status: 201 })
      .addError(NotFound)
  )
  .add(
    HttpApiEndpoint.del("remove", "/worker-tokens/:id")
      .setPath(Schema.Struct({ id: WorkerTokenId }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "What lets external workers report how they are, and nothing else; for administrators. A token is told once, when it is made."
  ) {}
