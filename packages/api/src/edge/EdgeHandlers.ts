import { edgeWasRefused } from "@vigil/core/AuditChanges"
import { ManagerId } from "@vigil/core/CameraManager"
import type { WorkerReport } from "@vigil/core/CameraRuntime"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { CallingEdge, edgeBatch, EdgeRefused, EdgeRpc } from "@vigil/core/contract/EdgeRpc"
import { type AssignedCamera, type EdgeAssignment, mostEdgeCameras } from "@vigil/core/EdgeAssignment"
import { Camera } from "@vigil/core/Camera"
import { connectedAddress } from "@vigil/core/CameraRecord"
import type { CameraId, EdgeId, TenantId } from "@vigil/core/Ids"
import type { ModelError } from "@vigil/core/Model"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ErasureStore } from "@vigil/core/port/ErasureStore"
import { Licences } from "@vigil/core/port/Licences"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { type EdgeRight, EdgeStore } from "@vigil/core/port/EdgeStore"
import { CameraRuns } from "@vigil/core/settings/CameraRuns"
import { inheritedAt, InheritedSettings } from "@vigil/core/settings/SettingLevels"
import { Settings } from "@vigil/core/settings/Settings"
import { Clock, Effect, Option, Schedule, Schema, Stream } from "effect"
import { sendModelFile } from "../application/OwnModelFiles.js"
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
    const secrets = yield* (yield* CameraStore).secrets(camera.id)
    const store = yield* EdgeStore
    const { sequence } = yield* store.logEnd(camera.id)
    const assigned: AssignedCamera = {
      camera: Camera.make({ ...camera, url: connectedAddress(camera, secrets) }),
      ...Option.match(secrets.credentials, { onNone: () => ({}), onSome: (known) => ({ credentials: known }) }),
      epoch: yield* store.newestEpoch(camera.id),
      sequence
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

/** The tenant's own models that these cameras run. */
const modelsOf = (tenantId: TenantId, cameras: ReadonlyArray<Camera>) =>
  Effect.gen(function* () {
    const { run } = yield* CameraRuns
    const { own } = yield* ModelLibrary
    const runs = yield* Effect.forEach(cameras, run)
    const named = new Set(runs.flatMap(({ camera }) => camera.detection.model ?? []))
    return [...named].sort().flatMap((id) => Option.toArray(own(tenantId, id)))
  })

const licenceOf = (tenantId: TenantId) =>
  Effect.flatMap(Licences, ({ standing }) => standing(tenantId)).pipe(
    Effect.map(({ licence }) => licence),
    // It is being removed.
    Effect.catchTag("TenantNotFound", () => Effect.succeed(undefined))
  )

/** The edge's cameras, what they inherit, and what they may run. */
const wanted = (edge: EdgeRight) =>
  Effect.gen(function* () {
    const { ofTenant, system } = yield* Settings
    const cameras = yield* camerasOf(edge)
    const places = new Set(cameras.map(({ placeId }) => placeId))
    const licence = yield* licenceOf(edge.tenantId)
    return {
      cameras,
      erasures: yield* (yield* ErasureStore).pendingAt(edge),
      settings: inheritedAt(yield* system, yield* ofTenant(edge.tenantId), places),
      models: yield* modelsOf(edge.tenantId, cameras),
      ...(licence === undefined ? {} : { licence })
    }
  })

type Wanted = Effect.Effect.Success<ReturnType<typeof wanted>>

const encodeInherited = Schema.encodeSync(InheritedSettings)

const markOf = ({ cameras, erasures, licence, models, settings }: Wanted): string => {
  const parts = [
    cameras.map(({ id, revision }) => [id, revision]),
    erasures.map(({ id }) => id),
    encodeInherited(settings),
    models,
    licence
  ]
  return JSON.stringify(parts)
}

/** What the edge has to do, whenever that changed. How far its cameras' logs go is told along and is no change. */
const assignments = (edge: EdgeRight) =>
  Effect.gen(function* () {
    const hints = Stream.mergeAll(
      [
        (yield* CameraStore).changes,
        (yield* EdgeStore).changes,
        (yield* Settings).changes,
        (yield* ModelLibrary).changes,
        Stream.fromSchedule(Schedule.spaced(lookInterval))
      ],
      { concurrency: "unbounded" }
    )
    return Stream.concat(Stream.make(undefined), hints).pipe(
      Stream.mapEffect(() => wanted(edge)),
      Stream.changesWith((a, b) => markOf(a) === markOf(b)),
      Stream.mapEffect(({ cameras, ...rest }) =>
        Effect.map(
          Effect.forEach(cameras, assignedCamera),
          (assigned): EdgeAssignment => ({
            edge: { id: edge.id, name: edge.name },
            tenant: { id: edge.tenantId, name: edge.tenantName },
            cameras: assigned.flatMap(Option.toArray),
            ...rest
          })
        )
      )
    )
  })

/** Refusals are written down, but not each of many. */
const makeRefusals = Effect.gen(function* () {
  const audit = yield* AuditStore
  const told = new Map<string, number>()
  return (edge: EdgeRight, about: { readonly [what: string]: string }, error: EdgeRefused | ModelError) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const key = `${edge.id} ${Object.values(about).join(" ")}`
      if (now - (told.get(key) ?? 0) < auditInterval) return
      if (told.size >= mostRefusals) told.clear()
      told.set(key, now)
      yield* Effect.logWarning(`edge ${edge.name} was refused: ${error.message}`)
      yield* audit.append(edge.tenantId, edgeWasRefused(edge.id, about, error.detail))
    }).pipe(Effect.catchTag("StoreUnavailable", (failure) => Effect.logWarning(failure.message)))
})

const notAssigned = (cameraId: CameraId) => new EdgeRefused({ cameraId, detail: "it is not assigned to this edge" })

/** What the runtime table says of an edge's camera. */
const workerReport = ({ name }: EdgeRight, { cameraId, epoch, source, state, worker }: CameraStatus): WorkerReport => ({
  cameraId,
  worker: "actor",
  podName: `edge:${name}`,
  epoch,
  workerStatus:
    state._tag === "Disabled"
      ? "stopped"
      : state._tag === "Streaming" || state._tag === "Stalled"
        ? "running"
        : state._tag === "Connecting"
          ? "starting"
          : "error",
  healthStatus: worker?.health ?? "unknown",
  healthInfo: { state: state._tag, fps: Math.round(source.framesPerSecond * 10) / 10, bitrate: Math.round(source.bitrate) },
  errorCount: worker?.errorCount ?? 0,
  lastError: worker?.lastError ?? null,
  alert: worker?.alert ?? false
})

/** The calls of edges. */
export const layerEdgeHandlers = EdgeRpc.toLayer(
  Effect.gen(function* () {
    const store = yield* EdgeStore
    const cameras = yield* CameraStore
    const links = yield* EdgeLinks
    const refuse = yield* makeRefusals
    const table = yield* RuntimeTable
    const erasures = yield* ErasureStore
    const noted = new Map<EdgeId, number>()
    const managers = new Map<EdgeId, ManagerId>()

    /** Writes down what all nodes are to know. A report of very many cameras comes in several calls: each is noted. */
    const note = (edge: EdgeRight, version: string, statuses: ReadonlyArray<CameraStatus>) =>
      Effect.gen(function* () {
        const isFull = statuses.length >= edgeBatch
        if (!isFull && performance.now() - (noted.get(edge.id) ?? -noteInterval) < noteInterval) return
        noted.set(edge.id, performance.now())
        yield* store.seen(edge, version, new Map(statuses.map(({ cameraId, epoch }) => [cameraId, epoch])))
        const manager = managers.get(edge.id) ?? ManagerId.make(crypto.randomUUID())
        managers.set(edge.id, manager)
        const rows = statuses.map((status) => workerReport(edge, status))
        yield* table.report({ id: manager, cluster: "edge", node: edge.name }, rows)
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
      Deliver: (batch) =>
        Effect.gen(function* () {
          const edge = yield* CallingEdge
          return yield* Effect.zipRight(checkAssigned(edge, batch.cameraId), deliver(edge, batch)).pipe(
            Effect.tapErrorTag("EdgeRefused", (error) => refuse(edge, { cameraId: batch.cameraId }, error))
          )
        }),
      Report: ({ backlog, load, statuses, version }) =>
        Effect.gen(function* () {
          const edge = yield* CallingEdge
          const own = statuses.filter(({ cameraId }) => links.camera(cameraId)?.edgeId === edge.id)
          yield* note(edge, version, own)
          yield* links.report(edge, { backlog, load, statuses: own })
          const strange = statuses.find(({ cameraId }) => links.camera(cameraId)?.edgeId !== edge.id)
          if (strange === undefined) return
          // It may have been assigned, or taken away, within these seconds.
          yield* links.refresh
          if (links.camera(strange.cameraId)?.edgeId === edge.id) return
          yield* refuse(edge, { cameraId: strange.cameraId }, notAssigned(strange.cameraId))
        }),
      ModelFile: (asked) =>
        Stream.unwrap(
          Effect.gen(function* () {
            const edge = yield* CallingEdge
            const models = yield* modelsOf(edge.tenantId, yield* camerasOf(edge))
            const { model } = asked
            // A version that was replaced this moment is no misdeed.
            const isStrange = !models.some(({ id }) => id === model)
            return sendModelFile(edge.tenantId, models, asked).pipe(
              Stream.tapError((error) =>
                isStrange && error._tag === "ModelError" ? refuse(edge, { model }, error) : Effect.void
              )
            )
          })
        ),
      Erased: ({ id, ...erased }) => Effect.flatMap(CallingEdge, (edge) => erasures.erasedAt(edge, id, erased)),
      Commands: () => Stream.unwrap(Effect.map(CallingEdge, ({ id }) => links.commands(id))),
      Answer: ({ answer, id }) => Effect.flatMap(CallingEdge, (edge) => links.answer(edge.id, id, answer))
    }
  })
)
