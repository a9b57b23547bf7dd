import type { ModelId, TenantId } from "@vigil/core/Ids"
import { partSize, partsOf } from "@vigil/core/ModelVersion"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { describeBytes } from "@vigil/runtime/model/DescribeModel"
import { Effect, Either } from "effect"
import { createHash } from "node:crypto"

/** A model that finds one thing of the label in every picture; of several parts. */
export const ownModelFile = (label: number): Buffer =>
  fixedYolox({
    size: { width: 640, height: 640 },
    classes: 80,
    detections: [{ label, confidence: 0.9, box: { x: 200, y: 200, width: 200, height: 200 } }]
  })

export const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** Sends a version in parts; nobody has looked at it then. */
export const sendOwnModel = (tenant: TenantId, model: ModelId, version: string, bytes: Uint8Array) =>
  Effect.gen(function* () {
    const store = yield* ModelStore
    yield* store.create(tenant, model, { version, bytes: bytes.length, sha256: digestOf(bytes), hints: {} })
    for (let part = 0; part < partsOf(bytes.length); part++) {
      yield* store.putPart(tenant, model, version, part, bytes.subarray(part * partSize, (part + 1) * partSize))
    }
    return yield* store.get(tenant, model, version)
  })

/** The same, accepted without a test run, and active; answers its checksum. */
export const bringOwnModel = (tenant: TenantId, model: ModelId, version: string, bytes: Uint8Array) =>
  Effect.gen(function* () {
    const store = yield* ModelStore
    const { sha256 } = yield* sendOwnModel(tenant, model, version, bytes)
    const described = describeBytes({ id: model, version, title: model, hints: {}, sha256 }, bytes)
    yield* store.judge(tenant, model, version, Either.right(Either.getOrThrow(described)))
    yield* store.activate(tenant, model, version)
    return sha256
  })
