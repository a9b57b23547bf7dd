import { databaseHealth } from "@vigil/api/database/DatabaseHealth"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { type ComponentHealth, HealthChecks, type HealthStatus } from "@vigil/core/port/Health"
import { MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import { Effect, Layer } from "effect"
import { diskSpace } from "./DiskSpace.js"
import { bytes } from "./Output.js"

const health = (component: string, status: HealthStatus, detail: string): ComponentHealth => ({ component, status, detail })

const cameras = Effect.map(CameraControl, (control) =>
  Effect.map(control.statuses, (statuses) => {
    const wanted = statuses.filter(({ state }) => state._tag !== "Disabled")
    const streaming = wanted.filter(({ state }) => state._tag === "Streaming").length
    return health("cameras", streaming === wanted.length ? "pass" : "warn", `${streaming} of ${wanted.length} are streaming`)
  })
)

const workers = Effect.map(MediaWorkers, ({ health: look }) =>
  Effect.map(look, (all) => {
    const restarts = all.reduce((sum, worker) => sum + worker.restarts, 0)
    const memory = all.reduce((sum, worker) => sum + worker.memory, 0)
    return health("media workers", "pass", `${all.length} processes, ${bytes(memory)}, ${restarts} restarts`)
  })
)

const disk = (folder: string) =>
  Effect.map(diskSpace(folder), ({ detail, status }): ComponentHealth => health("disk", status, detail))

/** What `/health` looks at on a node that keeps its data in `folder`. */
export const layer = (folder: string) =>
  Layer.effect(
    HealthChecks,
    Effect.gen(function* () {
      return HealthChecks.of([
        yield* databaseHealth,
        { component: "cameras", essential: false, check: yield* cameras },
        { component: "media workers", essential: false, check: yield* workers },
        { component: "disk", essential: true, check: disk(folder) }
      ])
    })
  )
