import type { BusMessage, HeartbeatMessage, WorkerErrorMessage } from "@vigil/core/BusMessage"
import type { SupervisionAction } from "@vigil/core/CameraSupervision"
import type { CameraId } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import type { MonotonicTime } from "@vigil/core/Time"
import { DateTime, Effect } from "effect"
import { healthInfoOf, type WatchedCamera } from "./WatchedCamera.js"

const concurrency = 8
const publishLimit = "5 seconds"

/** Tells the bus how cameras are: heartbeats, which may be lost, and errors, of which a camera's newest one is tried until it is kept. */
export interface Announcer {
  readonly note: (camera: WatchedCamera, action: Exclude<SupervisionAction, { readonly _tag: "Restart" }>) => void
  /** Publishes what is due; answers the heartbeats among it. */
  readonly announce: (cameras: ReadonlyArray<WatchedCamera>, now: MonotonicTime) => Effect.Effect<ReadonlyArray<HeartbeatMessage>>
  /** The camera is not here any more. */
  readonly forget: (id: CameraId) => void
}

/** `interval`: milliseconds between two heartbeats of a camera. */
export const makeAnnouncer = (interval: number) =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const errors = new Map<CameraId, WorkerErrorMessage>()
    const due = new Map<CameraId, number>()
    let away = false

    const about = ({ actor }: WatchedCamera, kind: string) => {
      const timestamp = DateTime.unsafeNow()
      return {
        id: `${actor.id}:${actor.epoch}:${timestamp.epochMillis}:${kind}`,
        tenantId: actor.tenantId,
        cameraId: actor.id,
        timestamp
      }
    }

    const heartbeat = (camera: WatchedCamera): HeartbeatMessage => ({
      type: "worker.heartbeat",
      ...about(camera, "heartbeat"),
      status: camera.report.workerStatus,
      healthInfo: healthInfoOf(camera.actor.status())
    })

    /** The first one comes at any moment of the interval, so that cameras that started together do not beat together. */
    const isDue = ({ actor: { id }, report }: WatchedCamera, now: MonotonicTime): boolean => {
      if (report.workerStatus === "stopped") return false
      const at = due.get(id) ?? now + Math.random() * interval
      due.set(id, at > now ? at : now + interval)
      return at <= now
    }

    /** Whether it need not be tried again. */
    const publish = (message: BusMessage): Effect.Effect<boolean> =>
      bus.publish(message).pipe(
        Effect.timeout(publishLimit),
        Effect.as(true),
        Effect.tap(() => {
          away = false
        }),
        Effect.catchTag("BusMessageTooLarge", (error) =>
          Effect.as(Effect.logWarning("a worker's message is not published", error), true)
        ),
        Effect.catchAll((error) => {
          if (away) return Effect.succeed(false)
          away = true
          return Effect.as(Effect.logWarning("the bus takes no messages of workers; their errors wait", error), false)
        })
      )

    const publishErrors = Effect.suspend(() =>
      Effect.forEach(
        [...errors],
        ([id, message]) => Effect.map(publish(message), (kept) => kept && errors.get(id) === message && errors.delete(id)),
        { concurrency, discard: true }
      )
    )

    return {
      note: (camera, action) => {
        errors.set(camera.actor.id, {
          type: "worker.error",
          ...about(camera, "error"),
          ...(action._tag === "ReportError"
            ? { error: action.error, errorCount: action.errorCount, alert: action.alert }
            : { error: "it runs well again", errorCount: 0, alert: false })
        })
      },
      announce: (cameras, now) =>
        Effect.gen(function* () {
          const messages = cameras.filter((camera) => isDue(camera, now)).map(heartbeat)
          yield* publishErrors
          yield* Effect.forEach(messages, publish, { concurrency, discard: true })
          return messages
        }),
      forget: (id) => {
        due.delete(id)
        errors.delete(id)
      }
    } satisfies Announcer
  })
