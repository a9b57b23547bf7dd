import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { UnplacedCamera } from "@vigil/core/ClusterStatus"
import { NodeName } from "@vigil/core/Node"
import { type CameraId, Epoch } from "@vigil/core/Ids"
import { AnalyticCatalogue, InvalidAnalytic } from "@vigil/core/port/AnalyticCatalogue"
import { CameraControl, CameraNotRunning, NoKeyframe } from "@vigil/core/port/CameraControl"
import { ClusterControl, NodeNotFound, NodeUnavailable } from "@vigil/core/port/ClusterControl"
import { HealthChecks } from "@vigil/core/port/Health"
import { LiveViewNotFound, LiveViewRefused, LiveViews } from "@vigil/core/port/LiveViews"
import { PublicationNotFound, PublicationRefused, Publications } from "@vigil/core/port/Publications"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { ModelError } from "@vigil/core/Model"
import { emptyStatistics, type SourceConfig, SourceError } from "@vigil/core/Source"
import { wallTime } from "@vigil/core/Time"
import { DateTime, Effect, Layer, Option, PubSub, Ref, Stream } from "effect"

/** A status as a running camera gives it. */
export const statusOf = (cameraId: CameraId, viewers = 0): CameraStatus => ({
  cameraId,
  state: { _tag: "Streaming", since: wallTime(0) },
  node: "test",
  epoch: Epoch.make(1),
  revision: 1,
  source: emptyStatistics,
  pipeline: {
    framesDecoded: 0,
    framesDropped: 0,
    framesSkipped: 0,
    inferences: 0,
    inferencesDropped: 0,
    detections: 0,
    events: 0,
    segments: 0
  },
  viewers,
  updatedAt: DateTime.unsafeMake(0)
})

export const jpeg = Uint8Array.of(0xff, 0xd8, 1, 2, 3, 0xff, 0xd9)

/** Stands in for the runtime: cameras in `running` run, `statuses` are what they tell. */
export class FakeRuntime extends Effect.Service<FakeRuntime>()("test/FakeRuntime", {
  effect: Effect.gen(function* () {
    return {
      running: new Set<CameraId>(),
      statuses: yield* PubSub.unbounded<CameraStatus>(),
      views: new Map<string, CameraId>(),
      publications: new Map<string, CameraId>(),
      probed: new Array<SourceConfig>(),
      steered: new Array<string>(),
      unplaced: new Array<UnplacedCamera>(),
      health: yield* Ref.make<"pass" | "warn" | "fail">("pass")
    }
  })
}) {}

const layerCameraControl = Layer.effect(
  CameraControl,
  Effect.map(FakeRuntime, ({ probed, running, statuses }) => {
    const ifRunning = <A>(id: CameraId, value: () => A) =>
      Effect.suspend(() => (running.has(id) ? Effect.sync(value) : Effect.fail(new CameraNotRunning({ cameraId: id }))))
    return CameraControl.of({
      status: (id) => ifRunning(id, () => statusOf(id)),
      statuses: Effect.sync(() => [...running].map((id) => statusOf(id))),
      watch: Stream.unwrapScoped(
        Effect.map(Stream.fromPubSub(statuses, { scoped: true }), (changes) =>
          Stream.concat(Stream.fromIterable([...running].map((id) => statusOf(id))), changes)
        )
      ),
      overlays: (id) =>
        Stream.unwrap(
          Effect.as(
            ifRunning(id, () => undefined),
            Stream.never
          )
        ),
      snapshot: (id) => ifRunning(id, () => jpeg),
      requestKeyframe: (cameraId) =>
        Effect.zipRight(
          ifRunning(cameraId, () => undefined),
          new NoKeyframe({ cameraId, reason: "unsupported", detail: "it is none" })
        ),
      restart: (id) => ifRunning(id, () => statusOf(id)),
      probe: (config) => {
        probed.push(config)
        return Effect.fail(new SourceError({ reason: "unreachable", url: config.url, detail: "connection refused" }))
      }
    })
  })
)

const layerLiveViews = Layer.effect(
  LiveViews,
  Effect.map(FakeRuntime, ({ views }) =>
    LiveViews.of({
      open: (cameraId, offer) =>
        Effect.suspend(() => {
          if (!offer.startsWith("v=0")) return Effect.fail(new LiveViewRefused({ cameraId, reason: "offer", detail: "not SDP" }))
          const viewId = crypto.randomUUID()
          views.set(viewId, cameraId)
          return Effect.succeed({ viewId, answer: "v=0\r\nanswer" })
        }),
      close: (cameraId, viewId) =>
        Effect.suspend(() =>
          views.get(viewId) === cameraId && views.delete(viewId) ? Effect.void : Effect.fail(new LiveViewNotFound({ viewId }))
        )
    })
  )
)

const layerPublications = Layer.effect(
  Publications,
  Effect.map(FakeRuntime, ({ publications, running }) =>
    Publications.of({
      open: (cameraId, offer) =>
        Effect.gen(function* () {
          if (!running.has(cameraId)) return yield* new CameraNotRunning({ cameraId })
          if (!offer.startsWith("v=0")) {
            return yield* new PublicationRefused({ cameraId, reason: "offer", detail: "not SDP" })
          }
          const publicationId = crypto.randomUUID()
          publications.set(publicationId, cameraId)
          return { publicationId, answer: "v=0\r\nanswer" }
        }),
      close: (cameraId, publicationId) =>
        Effect.suspend(() =>
          publications.get(publicationId) === cameraId && publications.delete(publicationId)
            ? Effect.void
            : Effect.fail(new PublicationNotFound({ publicationId }))
        ),
      closeAll: (cameraId) =>
        Effect.sync(() => {
          for (const [id, of] of publications) if (of === cameraId) publications.delete(id)
        })
    })
  )
)

const unknownModel = (model: string) => Effect.fail(new ModelError({ model, reason: "unknown", detail: "none here" }))

const layerCatalogues = Layer.merge(
  Layer.succeed(AnalyticCatalogue, {
    list: [],
    check: ({ analytic, settings }) =>
      "nonsense" in settings ? Effect.fail(new InvalidAnalytic({ analytic, detail: "nonsense is no setting" })) : Effect.void
  }),
  Layer.succeed(ModelCatalogue, {
    list: Effect.succeed([]),
    installed: unknownModel,
    preferred: () => Effect.succeed(Option.none()),
    pull: unknownModel,
    install: ({ id }) => unknownModel(id),
    remove: unknownModel
  })
)

/** Two nodes: \`north\`, which gives three cameras away, and \`south\`, which cannot. */
const layerClusterControl = Layer.effect(
  ClusterControl,
  Effect.map(FakeRuntime, ({ steered, unplaced }) => {
    const steer = <A>(node: string, done: string, answer: A) =>
      Effect.suspend((): Effect.Effect<A, NodeNotFound | NodeUnavailable> => {
        if (node === "south") return new NodeUnavailable({ node: NodeName.make(node), detail: "there is no other node" })
        if (node !== "north") return new NodeNotFound({ node })
        steered.push(done)
        return Effect.succeed(answer)
      })
    return ClusterControl.of({
      status: Effect.sync(() => ({
        name: "test",
        nodes: [],
        shards: { total: 300, assigned: 300 },
        cameras: { desired: unplaced.length, running: 0, unplaced }
      })),
      drain: (node) => steer(node, `drain ${node}`, 3),
      resume: (node) => steer(node, `resume ${node}`, undefined),
      rebalance: Effect.sync(() => {
        steered.push("rebalance")
        return 2
      })
    })
  })
)

const layerHealthChecks = Layer.effect(
  HealthChecks,
  Effect.map(FakeRuntime, ({ health }) => [
    { component: "runtime", essential: true, check: Effect.map(health, (status) => ({ component: "runtime", status })) },
    {
      component: "disk",
      essential: false,
      check: Effect.succeed({ component: "disk", status: "pass" as const, detail: "10 GB free" })
    }
  ])
)

export const layerFakePorts = Layer.mergeAll(
  layerCameraControl,
  layerLiveViews,
  layerPublications,
  layerCatalogues,
  layerHealthChecks,
  layerClusterControl
).pipe(Layer.provideMerge(FakeRuntime.Default))
