import { rm } from "node:fs/promises"
import type { ModelError } from "@vigil/core/Model"
import type { ModelVerdict } from "@vigil/core/ModelVersion"
import type { TenantId } from "@vigil/core/Ids"
import { ModelInspector } from "@vigil/core/port/ModelInspector"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { ownModelsOf } from "@vigil/core/port/OwnModels"
import { Config, type ConfigError, Effect, Either, Layer } from "effect"
import { inspectModel } from "./InspectModel.js"
import { makeOwnModelFiles, type OwnModelFolder } from "./OwnModelFiles.js"
import { defaultSandboxLimits, type SandboxLimits } from "./Sandbox.js"

export interface ModelInspectorOptions {
  readonly largest?: number
  readonly limits?: SandboxLimits
}

const defaultLargest = 256_000_000

/** Each may take the memory that it is allowed. */
const filesAtOnce = 2

/** Looks at two files at a time, and at one of a tenant: one that hangs until its time is over makes nobody else wait. */
export const layer = ({
  largest = defaultLargest,
  limits = defaultSandboxLimits
}: ModelInspectorOptions = {}): Layer.Layer<ModelInspector, ModelError, ModelStore | OwnModelFolder> =>
  Layer.scoped(
    ModelInspector,
    Effect.gen(function* () {
      const files = yield* makeOwnModelFiles(ownModelsOf(yield* ModelStore))
      const turn = yield* Effect.makeSemaphore(filesAtOnce)
      const ofTenant = new Map<TenantId, Effect.Semaphore>()
      const turnOf = (tenant: TenantId) => {
        const known = ofTenant.get(tenant) ?? Effect.unsafeMakeSemaphore(1)
        ofTenant.set(tenant, known)
        return known
      }
      return ModelInspector.of({
        largest,
        inspect: (version) =>
          Effect.suspend(() => {
            const file = files.partial()
            return files.fetch(version, file).pipe(
              Effect.zipRight(inspectModel(version, file, limits)),
              Effect.catchIf(
                (error) => error._tag === "ModelError" && error.reason === "checksum",
                ({ message: detail }) => Effect.succeed<ModelVerdict>(Either.left({ reason: "checksum", detail }))
              ),
              Effect.ensuring(Effect.promise(() => rm(file, { force: true })))
            )
          }).pipe(turn.withPermits(1), turnOf(version.tenantId).withPermits(1))
      })
    })
  )

/** `VIGIL_MODEL_LIMIT`: bytes of the largest file that tenants may send (256,000,000); 0 takes none. */
export const layerConfig: Layer.Layer<ModelInspector, ModelError | ConfigError.ConfigError, ModelStore | OwnModelFolder> =
  Layer.unwrapEffect(
    Effect.map(
      Config.integer("VIGIL_MODEL_LIMIT").pipe(
        Config.validate({ message: "expected a number of bytes, 0 or more", validation: (bytes) => bytes >= 0 }),
        Config.withDefault(defaultLargest)
      ),
      (largest) => layer({ largest })
    )
  )
