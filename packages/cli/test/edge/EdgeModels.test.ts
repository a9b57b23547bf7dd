import { describe, expect, it } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import * as Edge from "@vigil/cli/Edge"
import { AuditQuery } from "@vigil/core/AuditEntry"
import { defaultTenant, ModelId, TenantId } from "@vigil/core/Ids"
import { Licence } from "@vigil/core/Licence"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Licences } from "@vigil/core/port/Licences"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { EdgeLink } from "@vigil/runtime/edge/EdgeLink"
import { describeModel } from "@vigil/runtime/model/DescribeModel"
import { Chunk, Effect, Redacted, Schema, Stream } from "effect"
import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { bringOwnModel, digestOf, ownModelFile } from "../models/OwnModel.js"
import { until } from "../Vigil.js"
import { addCamera, cut, mend, type RunningEdge, startEdge, startSurroundings } from "./EdgeSite.js"

const model = ModelId.make("trucks")
const unnamed = ModelId.make("unnamed")
const shipped = ModelId.make("shipped")

const tryInstalled = (edge: RunningEdge, id = model) =>
  edge.ask(Effect.either(Effect.flatMap(ModelLibrary, (library) => library.installed(defaultTenant, id))))

/** Waits until the edge has the file of a version. */
const untilRuns = (edge: RunningEdge, version: string) =>
  until(
    `version ${version} is at the edge`,
    tryInstalled(edge),
    (found) => found._tag === "Right" && found.right.descriptor.version === version
  )

const untilFinds = (edge: RunningEdge, what: string, more = 5) =>
  Effect.map(
    until(
      what,
      edge.ask(
        Effect.map(
          Effect.flatMap(CameraControl, ({ statuses }) => statuses),
          (all) => Chunk.toReadonlyArray(Chunk.fromIterable(all))
        )
      ),
      ([camera]) => camera !== undefined && camera.pipeline.detections > more
    ),
    ([camera]) => camera
  )

describe("models of tenants at an edge", () => {
  it.scopedLive(
    "come over the link, are exchanged while the camera streams, run on without the centre, and go when they are gone there",
    () =>
      Effect.gen(function* () {
        const { centre, folder, id, origin, token, way } = yield* startSurroundings("shop")
        const bring = (version: string, label: number, named = model, tenant = defaultTenant) =>
          centre.ask(bringOwnModel(tenant, named, version, ownModelFile(label)))
        const first = yield* bring("1", 2)
        const { video } = yield* sceneFile(street)
        const { urls } = yield* startCameras({ files: [video] })
        const detection = { model, framesPerSecond: 5, gate: "always" as const }
        const camera = yield* addCamera(centre, id, { url: urls[0] ?? "", enabled: true, detection })

        const edge = yield* startEdge(folder, origin, token)
        yield* untilRuns(edge, "1")
        const before = yield* untilFinds(edge, "it finds things")
        const second = yield* bring("2", 3)
        yield* untilRuns(edge, "2")
        const after = yield* untilFinds(edge, "it finds things with the new one", 10 + (before?.pipeline.detections ?? 0))
        expect(after).toMatchObject({ epoch: before?.epoch, state: before?.state })
        const kept = yield* Effect.promise(() => readdir(join(folder, "models", "own")))
        expect(new Set(kept)).toEqual(new Set([`${first}.onnx`, `${second}.onnx`]))

        yield* cut(way)
        yield* edge.stop
        const alone = yield* startEdge(folder, origin, token)
        yield* untilFinds(alone, "it finds things alone")
        expect(yield* tryInstalled(alone)).toMatchObject({ right: { descriptor: { version: "2", sha256: second } } })

        const unset = { detection: { framesPerSecond: 5, gate: "always" as const } }
        yield* centre.ask(Effect.flatMap(CameraStore, (store) => store.update(defaultTenant, camera.id, unset)))
        yield* centre.ask(Effect.flatMap(ModelStore, (store) => store.deactivate(defaultTenant, model)))
        yield* mend(way)
        yield* until("it is gone", tryInstalled(alone), (found) => found._tag === "Left" && found.left._tag === "ModelError")
      }),
    400_000
  )

  it.scopedLive(
    "are given to no edge that has no camera for them, and models of the installation only as far as the licence goes",
    () =>
      Effect.gen(function* () {
        const { centre, folder, id, origin, token } = yield* startSurroundings("shop")
        const other = TenantId.make("00000000-0000-4000-8000-000000000002")
        yield* centre.ask(
          Effect.flatMap(Database, (database) =>
            database.system("add tenant", (sql) => sql`insert into tenants (id, name) values (${other}, 'second')`)
          )
        )
        const files = { named: ownModelFile(2), unnamed: ownModelFile(3), theirs: ownModelFile(4) }
        yield* centre.ask(bringOwnModel(defaultTenant, model, "1", files.named))
        yield* centre.ask(bringOwnModel(defaultTenant, unnamed, "1", files.unnamed))
        yield* centre.ask(bringOwnModel(other, model, "9", files.theirs))
        yield* addCamera(centre, id, { detection: { model, framesPerSecond: 5, gate: "always" } })
        const shippedCamera = yield* addCamera(centre, id, { detection: { model: shipped, framesPerSecond: 5, gate: "always" } })

        const edge = yield* startEdge(folder, origin, token)
        yield* untilRuns(edge, "1")
        expect(yield* edge.ask(Effect.flatMap(ModelStore, ({ active }) => active))).toMatchObject([{ descriptor: { id: model } }])

        const file = join(folder, "shipped.onnx")
        yield* Effect.promise(() => writeFile(file, ownModelFile(5)))
        const descriptor = { ...(yield* describeModel(file)), id: shipped }
        yield* edge.ask(Effect.flatMap(ModelCatalogue, ({ install }) => install(descriptor, file)))
        yield* until("it is installed there", tryInstalled(edge, shipped), ({ _tag }) => _tag === "Right")
        const unlimited = { cameras: null, validFrom: null, validUntil: null }
        yield* centre.ask(
          Effect.flatMap(Licences, ({ change }) =>
            change(defaultTenant, Licence.make({ ...unlimited, models: [ModelId.make("another")] }))
          )
        )
        yield* centre.ask(Effect.flatMap(CameraStore, (store) => store.update(defaultTenant, shippedCamera.id, { name: "Door" })))
        yield* until(
          "the licence is at the edge",
          tryInstalled(edge, shipped),
          (found) => found._tag === "Left" && found.left._tag === "LicenceRefused"
        )
        expect(yield* tryInstalled(edge)).toMatchObject({ _tag: "Right" })

        yield* edge.stop
        const calls = yield* Effect.flatMap(EdgeLink, ({ connect }) => connect).pipe(
          Effect.provide(Edge.layerLink({ origin, ca: undefined, token: Effect.succeed(Redacted.make(token)) }))
        )
        const fetch = (named: ModelId, version: string, bytes: Uint8Array, from = 0) =>
          Effect.map(Stream.runCollect(calls.ModelFile({ model: named, version, sha256: digestOf(bytes), from })), (pieces) =>
            Buffer.concat(Chunk.toReadonlyArray(pieces))
          )
        expect((yield* fetch(model, "1", files.named)).equals(files.named)).toBe(true)
        expect((yield* fetch(model, "1", files.named, 1_234_567)).equals(files.named.subarray(1_234_567))).toBe(true)
        for (const [named, version, bytes] of [
          [unnamed, "1", files.unnamed],
          [model, "9", files.theirs]
        ] as const) {
          expect(yield* Effect.flip(fetch(named, version, bytes))).toMatchObject({ _tag: "ModelError", reason: "unknown" })
        }
        const { entries } = yield* centre.ask(
          Effect.flatMap(AuditStore, (audit) =>
            audit.query(defaultTenant, Schema.decodeSync(AuditQuery)({ action: "edge.refused" }))
          )
        )
        expect(entries.map(({ after }) => after?.["model"])).toEqual([unnamed])
      }),
    400_000
  )
})
