import { TenantStore } from "@vigil/core/port/TenantStore"
import { Effect, Layer, Schedule } from "effect"

const interval = "30 seconds"

/** Deletes what removed tenants had, in small steps, for as long as there is something; a node that ends half way leaves the rest to others. */
export const layerTenantPurge: Layer.Layer<never, never, TenantStore> = Layer.scopedDiscard(
  Effect.flatMap(TenantStore, ({ purge }) =>
    purge.pipe(
      Effect.repeat({ while: (rows) => rows > 0, schedule: Schedule.spaced("50 millis") }),
      Effect.catchAll((error) => Effect.logWarning(`removed tenants are not purged for now: ${error.message}`)),
      Effect.repeat(Schedule.spaced(interval)),
      Effect.forkScoped
    )
  )
)
