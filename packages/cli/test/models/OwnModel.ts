import type { ModelId, TenantId } from "@vigil/core/Ids"
import { type ModelHints, partSize, partsOf } from "@vigil/core/ModelVersion"
import { ModelInspector } from "@vigil/core/port/ModelInspector"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import * as ModelInspectorLive from "@vigil/runtime/model/ModelInspectorLive"
import { Effect } from "effect"
import { createHash } from "node:crypto"

/** A model that finds one thing of the label in every picture; of several parts. */
export const ownModelFile = (label: number): Uint8Array =>
  fixedYolox({
    size: { width: 640, height: 640 },
    classes: 80,
    detections: [{ label, confidence: 0.9, box: { x: 200, y: 200, width: 200, height: 200 } }]
  })

export const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** Sends a version in parts, has it looked at, and activates it; answers its checksum. */
export const bringOwnModel = (tenant: TenantId, model: ModelId, version: string, bytes: Uint8Array, hints: ModelHints = {}) =>
  Effect.gen(function* () {
    const store = yield* ModelStore
    const sha256 = digestOf(bytes)
    yield* store.create(tenant, model, { version, bytes: bytes.length, sha256, hints })
    for (let part = 0; part < partsOf(bytes.length); part++) {
      yield* store.putPart(tenant, model, version, part, bytes.subarray(part * partSize, (part + 1) * partSize))
    }
    const sent = yield* store.get(tenant, model, version)
    yield* store.judge(tenant, model, version, yield* (yield* ModelInspector).inspect(sent))
    yield* store.activate(tenant, model, version)
    return sha256
  }).pipe(Effect.provide(ModelInspectorLive.layer()))
