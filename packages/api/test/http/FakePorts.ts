import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { UnplacedCamera } from "@vigil/core/ClusterStatus"
import type { DiscoveryRequest, FoundDevice } from "@vigil/core/Discovery"
import { NodeName } from "@vigil/core/Node"
import { AnalyticId, type CameraId, Epoch, type TenantId } from "@vigil/core/Ids"
import { AnalyticCatalogue, InvalidAnalytic } from "@vigil/core/port/AnalyticCatalogue"
import { CameraControl, CameraNotRunning, NoKeyframe } from "@vigil/core/port/CameraControl"
import { ClusterControl, NodeNotFound, NodeUnavailable } from "@vigil/core/port/ClusterControl"
import { NetworkScanner, RangeRefused } from "@vigil/core/port/NetworkScanner"
import { HealthChecks } from "@vigil/core/port/Health"
import { LiveViewNotFound, LiveViewRefused, LiveViews } from "@vigil/core/port/LiveViews"
import { PublicationNotFound, PublicationRefused, Publications } from "@vigil/core/port/Publications"
import { ModelInspector } from "@vigil/core/port/ModelInspector"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { Licences } from "@vigil/core/port/Licences"
import { ModelError } from "@vigil/core/Model"
import { emptyStatistics, type SourceConfig, SourceError } from "@vigil/core/Source"
import { wallTime } from "@vigil/core/Time"
import { describedModel } from "../Samples.js"
import { DateTime, Effect, Either, Layer, Option, PubSub, Ref, Stream } from "effect"

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
      /** What else running cameras tell. */
      streams: new Map<CameraId, Pick<CameraStatus, "description" | "source">>(),
      statuses: yield* PubSub.unbounded<CameraStatus>(),
      views: new Map<string, CameraId>(),
      publications: new Map<string, CameraId>(),
      probed: new Array<SourceConfig>(),
      steered: new Array<string>(),
      unplaced: new Array<UnplacedCamera>(),
      /** What is in the network; while `held`, a scan goes on when it has found that. */
      network: { devices: new Array<FoundDevice>(), held: false, asked: new Array<DiscoveryRequest>(), left: 0 },
      health: yield* Ref.make<"pass" | "warn" | "fail">("pass")
    }
  })
}) {}

const layerCameraControl = Layer.effect(
  CameraControl,
  Effect.map(FakeRuntime, ({ probed, running, statuses, streams }) => {
    const ifRunning = <A>(id: CameraId, value: () => A) =>
      Effect.suspend(() => (running.has(id) ? Effect.sync(value) : Effect.fail(new CameraNotRunning({ cameraId: id }))))
    return CameraControl.of({
      status: (id) => ifRunning(id, () => ({ ...statusOf(id), ...streams.get(id) })),
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

/** What a camera must give to be given the model `demanding`. */
const requirements = { minHeight: 480, minBitrate: 1_000_000, minDuration: 3, overlap: 1 }

const layerModelLibrary = Layer.effect(
  ModelLibrary,
  Effect.map(Effect.all([ModelStore, Licences]), ([store, licences]) => {
    const shipped = [
      { descriptor: describedModel("shipped", "1", {}), installed: true, own: false },
      { descriptor: describedModel("demanding", "1", { requirements }), installed: true, own: false }
    ]
    const list = (tenant: TenantId) =>
      Effect.map(store.active, (active) => [
        ...active
          .filter(({ tenantId }) => tenantId === tenant)
          .map(({ descriptor }) => ({ descriptor, installed: true, own: true })),
        ...shipped
      ])
    return ModelLibrary.of({
      list,
      find: (tenant, id) =>
        Effect.map(list(tenant), (all) => Option.fromNullable(all.find(({ descriptor }) => descriptor.id === id))),
      permit: (tenant, id) =>
        shipped.some(({ descriptor }) => descriptor.id === id) ? licences.requireModel(tenant, id) : Effect.void,
      own: () => Option.none(),
      installed: (_, id) => unknownModel(id),
      preferred: () => Effect.succeedNone,
      changes: store.changes
    })
  })
)

/** Finds fault with files that begin with a zero. */
const layerModelInspector = Layer.effect(
  ModelInspector,
  Effect.map(ModelStore, (store) =>
    ModelInspector.of({
      largest: 10_000_000,
      inspect: ({ bytes, hints, model, sha256, tenantId, version }) =>
        Effect.map(store.part(tenantId, model, version, 0), ([first]) =>
          first === 0
            ? Either.left({ reason: "not-onnx" as const, detail: "it begins with a zero" })
            : Either.right(describedModel(model, version, { ...hints, bytes, sha256 }))
        )
    })
  )
)

const layerCatalogues = Layer.mergeAll(
  Layer.succeed(AnalyticCatalogue, {
    list: [
      {
        id: AnalyticId.make("counting"),
        title: "Counting",
        description: "Counts.",
        priority: "STANDARD",
        requirements: { minHeight: 360, minBitrate: 0, minDuration: 2, overlap: 0 },
        inputs: ["tracks"],
        settings: {}
      }
    ],
    check: ({ analytic, settings }) =>
      "nonsense" in settings ? Effect.fail(new InvalidAnalytic({ analytic, detail: "nonsense is no setting" })) : Effect.void
  }),
  layerModelLibrary,
  layerModelInspector
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

/** Looks at private addresses only, and leaves those alone too. */
const layerNetworkScanner = Layer.effect(
  NetworkScanner,
  Effect.map(FakeRuntime, ({ network }) =>
    NetworkScanner.of({
      plan: (request) => {
        const range = request.ranges.find((text) => !/^(10|192\.168)\./.test(text))
        if (range !== undefined) return new RangeRefused({ range, allowed: ["10.0.0.0-10.255.255.255"] })
        network.asked.push(request)
        return Effect.succeed({
          total: network.devices.length,
          run: ({ onDevice, onDone }) =>
            Effect.suspend(() => {
              for (const device of network.devices) {
                onDevice(device)
                onDone(1)
              }
              return network.held ? Effect.never : Effect.void
            }).pipe(
              Effect.onInterrupt(() =>
                Effect.sync(() => {
                  network.left++
                })
              )
            )
        })
      }
    })
  )
)

export const layerFakePorts = Layer.mergeAll(
  layerCameraControl,
  layerLiveViews,
  layerPublications,
  layerCatalogues,
  layerHealthChecks,
  layerClusterControl,
  layerNetworkScanner
).pipe(Layer.provideMerge(FakeRuntime.Default))
