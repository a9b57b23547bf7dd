import { Unauthorized } from "@vigil/core/contract/Principal"
import { CallingWorker, WorkerCallAuthentication, WorkerRpc } from "@vigil/core/contract/WorkerRpc"
import { WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { Effect, Layer, Option, Stream } from "effect"
import { activeModels, sendModelFile } from "../application/OwnModelFiles.js"
import { bearerOf, hashToken, isToken } from "../auth/Token.js"

const unknown = new Unauthorized({
  detail: "there is no such worker token: an administrator makes one (`vigil camera worker-token make`)"
})
const forOneCamera = new Unauthorized({
  detail: "the worker token is for one camera: jobs are of all cameras of a tenant, make one without --camera"
})

const layerAuthentication = Layer.effect(
  WorkerCallAuthentication,
  Effect.map(WorkerTokenStore, (store) =>
    WorkerCallAuthentication.of(({ headers }) =>
      Effect.gen(function* () {
        const token = bearerOf(headers["authorization"]) ?? ""
        const right = isToken(token) ? yield* store.find(hashToken(token)) : Option.none()
        if (Option.isNone(right)) return yield* unknown
        return right.value.cameraId === null ? right.value.tenantId : yield* forOneCamera
      })
    )
  )
)

const layerHandlers = WorkerRpc.toLayer({
  Models: () =>
    Effect.gen(function* () {
      const tenantId = yield* CallingWorker
      return { tenantId, models: yield* activeModels(tenantId) }
    }),
  ModelFile: (wanted) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const tenantId = yield* CallingWorker
        return sendModelFile(tenantId, yield* activeModels(tenantId), wanted)
      })
    )
})

/** The calls of workers, however they come. */
export const layerWorkerHandlers = Layer.merge(layerHandlers, layerAuthentication)
