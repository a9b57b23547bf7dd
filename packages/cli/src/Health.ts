import { licenceHealth } from "@vigil/api/application/LicenceWatch"
import { databaseHealth } from "@vigil/api/database/DatabaseHealth"
import { Bus } from "@vigil/core/port/Bus"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { type ComponentHealth, HealthChecks, type HealthStatus } from "@vigil/core/port/Health"
import { CameraManager } from "@vigil/runtime/manager/CameraManager"
import { MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import { now as monotonicNow } from "@vigil/runtime/MonotonicClock"
import { Nats } from "@vigil/runtime/nats/Nats"
import { natsHealth } from "@vigil/runtime/nats/NatsHealth"
import { Effect, Layer, Option } from "effect"
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

/** Milliseconds without a row or heartbeat in the runtime table after which the manager is not well: it beats every five seconds. */
const writesWithin = 30_000

const manager = Effect.map(CameraManager, ({ status }) =>
  Effect.sync(() => {
    const { alerts, workers: managed, written } = status()
    const isLate = managed > 0 && (written === undefined || monotonicNow() - written > writesWithin)
    const people = alerts === 0 ? "" : `, ${alerts} ${alerts === 1 ? "needs" : "need"} a person`
    const table = isLate ? ", the runtime table is not written" : ""
    return health(
      "camera manager",
      alerts > 0 || isLate ? "warn" : "pass",
      `${managed} ${managed === 1 ? "worker" : "workers"}${people}${table}`
    )
  })
)

/** Events are stored in any case, and wait for the bus. */
const bus = Effect.map(Bus, ({ last }) =>
  last.pipe(
    Effect.timeoutFail({ duration: "1 second", onTimeout: () => new Error("no answer in 1 s") }),
    Effect.match({
      onSuccess: (position) => health("bus", "pass", `${position} messages so far`),
      onFailure: ({ message }) => health("bus", "warn", `${message}; what it is to carry waits`)
    })
  )
)

const disk = (folder: string) =>
  Effect.map(diskSpace(folder), ({ detail, status }): ComponentHealth => health("disk", status, detail))

/** What `/health` looks at on a node that keeps its data in `folder`; NATS where the node has it. */
export const layer = (folder: string) =>
  Layer.scoped(
    HealthChecks,
    Effect.gen(function* () {
      return HealthChecks.of([
        yield* databaseHealth,
        yield* licenceHealth,
        { component: "cameras", essential: false, check: yield* cameras },
        { component: "camera manager", essential: false, check: yield* manager },
        { component: "bus", essential: false, check: yield* bus },
        { component: "media workers", essential: false, check: yield* workers },
        { component: "disk", essential: true, check: disk(folder) },
        ...Option.toArray(Option.map(yield* Effect.serviceOption(Nats), natsHealth))
      ])
    })
  )
