import { edgeWasRefused } from "@vigil/core/AuditChanges"
import { CallingEdge, EdgeRefused, EdgeRpc } from "@vigil/core/contract/EdgeRpc"
import { type AssignedCamera, type EdgeAssignment, mostEdgeCameras } from "@vigil/core/EdgeAssignment"
import type { CameraId, EdgeId } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { type EdgeRight, EdgeStore } from "@vigil/core/port/EdgeStore"
import { Clock, Effect, Option, Schedule, Stream } from "effect"
import { deliver } from "./Delivery.js"
import { EdgeLinks } from "./EdgeLinks.js"

/** Milliseconds between two entries of the audit trail about one edge and camera. */
const auditInterval = 60_000
const mostRefusals = 10_000
/** The stores' hints are sure to come; this is for the day they are not. */
const lookInterval = "30 seconds"
const noteInterval = 5000

/** The camera as the edge gets it; none where it was removed at this moment. */
const assignedCamera = (camera: AssignedCamera["camera"]) =>
  Effect.gen(function* () {
    const credentials = yield* (yield* CameraStore).credentials(camera.id)
    const end = yield* (yield* EdgeStore).logEnd(camera.id)
    const assigned: AssignedCamera = {
      camera,
      ...Option.match(credentials, { onNone: () => ({}), onSome: (known) => ({ credentials: known }) }),
      ...end
    }
    return assigned
  }).pipe(
    Effect.asSome,
    Effect.catchTag("CameraNotFound", () => Effect.succeedNone)
  )

const camerasOf = ({ id, tenantId }: EdgeRight) =>
  Effect.gen(function* () {
    const all = yield* (yield* CameraStore).list(tenantId)
    return all.filter(({ edge }) => edge === id).slice(0, mostEdgeCameras)
  })

/** What the edge has to do, whenever that changed. How far its cameras' logs go is told along and is no change. */
const assignments = (edge: EdgeRight) =>
  Effect.gen(function* () {
    const hints = Stream.merge((yield* CameraStore).changes, Stream.fromSchedule(Schedule.spaced(lookInterval)))
    return Stream.concat(Stream.make(undefined), hints).pipe(
      Stream.mapEffect(() => camerasOf(edge)),
      Stream.changesWith(
        (a, b) => a.length === b.length && a.every(({ id, revision }, at) => b[at]?.id === id && b[at]?.revision === revision)
      ),
      Stream.mapEffect((cameras) =>
        Effect.map(
          Effect.forEach(cameras, assignedCamera),
          (assigned): EdgeAssignment => ({
            edge: { id: edge.id, name: edge.name },
            tenant: { id: edge.tenantId, name: edge.tenantName },
            cameras: assigned.flatMap(Option.toArray)
          })
        )
      )
    )
  })

/** Refusals are written down, but not each of many. */
const makeRefusals = Effect.gen(function* () {
  const audit = yield* AuditStore
  const told = new Map<string, number>()
  return (edge: EdgeRight, error: EdgeRefused) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const key = `${edge.id} ${error.cameraId}`
      if (now - (told.get(key) ?? 0) < auditInterval) return
      if (told.size >= mostRefusals) told.clear()
      told.set(key, now)
      yield* Effect.logWarning(`edge ${edge.name} was refused: ${error.message}`)
      yield* audit.append(edge.tenantId, edgeWasRefused(edge.id, error.cameraId, error.detail))
    }).pipe(Effect.catchTag("StoreUnavailable", (failure) => Effect.logWarning(failure.message)))
})

const notAssigned = (cameraId: CameraId) => new EdgeRefused({ cameraId, detail: "it is not assigned to this edge" })

/** The calls of edges. */
export const layerEdgeHandlers = EdgeRpc.toLayer(
  Effect.gen(function* () {
    const store = yield* EdgeStore
    const cameras = yield* CameraStore
    const links = yield* EdgeLinks
    const refuse = yield* makeRefusals
    const noted = new Map<EdgeId, number>()

    const note = ({ id }: EdgeRight, version: string) =>
      Effect.suspend(() => {
        if (performance.now() - (noted.get(id) ?? -noteInterval) < noteInterval) return Effect.void
        noted.set(id, performance.now())
        return store.seen(id, version)
      }).pipe(Effect.catchTag("StoreUnavailable", (error) => Effect.logDebug(error.message)))

    const checkAssigned = (edge: EdgeRight, cameraId: CameraId) =>
      cameras.get(edge.tenantId, cameraId).pipe(
        Effect.catchTag("CameraNotFound", () => notAssigned(cameraId)),
        Effect.filterOrFail(
          (camera) => camera.edge === edge.id,
          () => notAssigned(cameraId)
        )
      )

    return {
      Assigned: () => Stream.unwrap(Effect.flatMap(CallingEdge, assignments)),
      Deliver: ({ cameraId, entries }) =>
        Effect.gen(function* () {
          const edge = yield* CallingEdge
          return yield* Effect.zipRight(checkAssigned(edge, cameraId), deliver(edge, cameraId, entries)).pipe(
            Effect.tapErrorTag("EdgeRefused", (error) => refuse(edge, error))
          )
        }),
      Report: ({ backlog, load, statuses, version }) =>
        Effect.gen(function* () {
          const edge = yield* CallingEdge
          yield* note(edge, version)
          const own = statuses.filter(({ cameraId }) => links.camera(cameraId)?.edgeId === edge.id)
          yield* links.report(edge, { backlog, load, statuses: own })
          const strange = statuses.find(({ cameraId }) => links.camera(cameraId)?.edgeId !== edge.id)
          if (strange === undefined) return
          // It may have been assigned, or taken away, within these seconds.
          yield* links.refresh
          if (links.camera(strange.cameraId)?.edgeId === edge.id) return
          yield* refuse(edge, notAssigned(strange.cameraId))
        }),
      Commands: () => Stream.unwrap(Effect.map(CallingEdge, ({ id }) => links.commands(id))),
      Answer: ({ answer, id }) => Effect.flatMap(CallingEdge, (edge) => links.answer(edge.id, id, answer))
    }
  })
)
