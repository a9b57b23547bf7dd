import { describe, expect, layer } from "@effect/vitest"
import { toUrl } from "@vigil/api/database/Connection"
import * as Node from "@vigil/cli/Node"
import { type Camera, NewCamera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { defaultTenant } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { NodeName, type NodeRole } from "@vigil/core/Node"
import type { Overlay } from "@vigil/core/Overlay"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { LiveViews } from "@vigil/core/port/LiveViews"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { ClusterNode } from "@vigil/runtime/cluster/ClusterNode"
import { ConfigProvider, Context, Effect, Fiber, Layer, Logger, LogLevel, Redacted, Schedule, Schema, Stream } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { temporaryFolder } from "../Vigil.js"
import { cameraRpcConformance, Simulators } from "./CameraRpcConformance.js"
import { inProcess, overNats, overWebSocket } from "./Clients.js"

const configuration = new Map([
  ["VIGIL_HOST", "127.0.0.1"],
  ["VIGIL_PORT", "0"],
  ["VIGIL_KEY", Buffer.alloc(32, 7).toString("base64")]
])

const environment = Layer.merge(
  Layer.setConfigProvider(ConfigProvider.fromMap(configuration)),
  Logger.minimumLogLevel(LogLevel.Error)
)

/** The nodes that run cameras; the one that is asked runs none. */
class Workers extends Context.Tag("test/Workers")<Workers, ReadonlyArray<typeof ClusterNode.Service>>() {}

/** A model that every node that runs cameras has. */
const installModel = (folder: string) =>
  Effect.gen(function* () {
    const { bytes, descriptor } = sceneDetector()
    const file = join(folder, "scene.onnx")
    yield* Effect.promise(() => writeFile(file, bytes))
    yield* (yield* ModelCatalogue).install(yield* Schema.decode(ModelDescriptor)(descriptor), file)
  })

const layerSite = Layer.scopedContext(
  Effect.gen(function* () {
    const nats = yield* startNatsServer()
    const postgres = yield* startPostgresServer
    const { video } = yield* sceneFile(street)
    const obliging = yield* startCameras({ files: [video], feedback: "pli" })
    const plain = yield* startCameras({ files: [video] })
    const form = (name: string, role: NodeRole) =>
      Effect.map(
        temporaryFolder,
        (dataFolder): Node.NodeForm => ({
          name: NodeName.make(name),
          roles: [role],
          capacity: { cameras: 100, cpu: 1, memory: 2 ** 40 },
          labels: {},
          nats: { url: nats.url, cluster: "test" },
          database: toUrl(Redacted.make(postgres.url)),
          dataFolder
        })
      )
    const workers = yield* Effect.forEach(["b", "c"], (name) =>
      Effect.gen(function* () {
        const own = yield* form(name, "camera")
        const context = yield* Layer.build(Layer.provide(Node.layerSilent(own), environment))
        yield* installModel(own.dataFolder).pipe(Effect.provide(context))
        return Context.get(context, ClusterNode)
      })
    )
    const front = yield* Layer.build(Layer.provide(Node.layerServing(yield* form("a", "api")), environment))
    return front.pipe(Context.add(Simulators, { obliging, plain }), Context.add(Workers, workers))
  })
)

const until = (what: string, condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("50 millis") }),
    Effect.timeoutFail({ duration: "1 minute", onTimeout: () => new Error(`never: ${what}`) })
  )

/** A camera whose every picture is looked at. */
const watchedCamera = Effect.gen(function* () {
  const store = yield* CameraStore
  const { obliging } = yield* Simulators
  const [url = ""] = obliging.urls
  const input = yield* Schema.decode(NewCamera)({
    name: "Watched",
    url,
    analytics: [],
    detection: { framesPerSecond: 10, gate: "always" }
  })
  return yield* Effect.acquireRelease(store.create(defaultTenant, input), ({ id }) =>
    store.remove(defaultTenant, id).pipe(
      // The test itself may have removed it.
      Effect.catchTag("CameraNotFound", () => Effect.void),
      // swallowed: a camera that cannot be removed fails the test
      Effect.orDie
    )
  )
})

/** As a browser asks for a picture and nothing else. */
const offer = [
  "v=0",
  "o=- 1 1 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "c=IN IP4 0.0.0.0",
  "a=rtcp:9 IN IP4 0.0.0.0",
  "a=ice-ufrag:abcd",
  "a=ice-pwd:abcdefghijklmnopqrstuvwx",
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => "AB").join(":")}`,
  "a=setup:actpass",
  "a=mid:0",
  "a=recvonly",
  "a=rtcp-mux",
  "a=rtpmap:96 H264/90000",
  "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
  ""
].join("\r\n")

/** What a dashboard is told of a camera, from now on until the scope ends. */
const dashboard = (camera: Camera) =>
  Effect.gen(function* () {
    const calls = yield* overWebSocket
    const statuses: Array<CameraStatus> = []
    const overlays: Array<Overlay> = []
    const watching = yield* Effect.forkScoped(
      Stream.runForEach(calls.WatchCameras(), (status) =>
        Effect.sync(() => status.cameraId === camera.id && statuses.push(status))
      )
    )
    yield* until("the camera streams", () => statuses.at(-1)?.state._tag === "Streaming")
    const drawing = yield* Effect.forkScoped(
      Stream.runForEach(calls.WatchOverlays({ id: camera.id }), (overlay) => Effect.sync(() => overlays.push(overlay)))
    )
    return { statuses, overlays, watching, drawing }
  })

const isRunning = (fiber: Fiber.RuntimeFiber<unknown, unknown>) => Effect.map(Fiber.poll(fiber), ({ _tag }) => _tag === "None")

describe.skipIf(!hasNatsServer || !hasPostgres)("cameras that run on another node [needs nats-server and PostgreSQL]", () => {
  layer(layerSite, { timeout: 300_000, excludeTestServices: true })((it) => {
    cameraRpcConformance(it, { name: "over WebSocket", calls: overWebSocket })
    cameraRpcConformance(it, { name: "over NATS", calls: overNats() })
    cameraRpcConformance(it, { name: "in process", calls: inProcess() })

    it.scoped("are seen and viewed from there, and go on being so when they move", () =>
      Effect.gen(function* () {
        const views = yield* LiveViews
        const workers = yield* Workers
        const control = yield* CameraControl
        const camera = yield* watchedCamera
        const { drawing, overlays, statuses, watching } = yield* dashboard(camera)
        const from = statuses.at(-1)
        expect(["b", "c"]).toContain(from?.node)
        expect(yield* control.statuses).toMatchObject([{ cameraId: camera.id, node: from?.node }])
        yield* until("overlays", () => overlays.some(({ tracks }) => tracks.length > 0))

        const { answer, viewId } = yield* views.open(camera.id, offer)
        expect(answer).toMatch(/^m=video /m)
        expect(answer).toMatch(/^a=candidate:/m)
        yield* views.close(camera.id, viewId)
        expect(yield* Effect.flip(views.close(camera.id, viewId))).toMatchObject({ _tag: "LiveViewNotFound" })
        expect(yield* Effect.flip(views.open(camera.id, "nonsense"))).toMatchObject({ _tag: "LiveViewRefused", reason: "offer" })
        const before = yield* views.open(camera.id, offer)

        const owner = workers.find(({ name }) => name === from?.node)
        const seen = overlays.length
        yield* owner?.drain ?? Effect.die("nobody runs it")
        yield* until("it runs on the other node", () => {
          const now = statuses.at(-1)
          return now?.node !== from?.node && now?.state._tag === "Streaming"
        })
        expect(statuses.at(-1)?.epoch).toBeGreaterThan(from?.epoch ?? 0)
        yield* until("overlays of the other node", () => overlays.length > seen + 10)
        expect(yield* isRunning(watching)).toBe(true)
        expect(yield* isRunning(drawing)).toBe(true)
        expect(yield* Effect.flip(views.close(camera.id, before.viewId))).toMatchObject({ _tag: "LiveViewNotFound" })
        const again = yield* views.open(camera.id, offer)
        yield* views.close(camera.id, again.viewId)
        yield* owner?.resume ?? Effect.void
      })
    )

    it.scoped("are not running any more, for those who ask, once they are removed", () =>
      Effect.gen(function* () {
        const control = yield* CameraControl
        const store = yield* CameraStore
        const camera = yield* watchedCamera
        const status = yield* control
          .status(camera.id)
          .pipe(Effect.retry(Schedule.spaced("100 millis")), Effect.timeout("1 minute"))
        expect(["b", "c"]).toContain(status.node)
        yield* store.remove(defaultTenant, camera.id)
        const gone = control.status(camera.id).pipe(Effect.flip, Effect.retry(Schedule.spaced("100 millis")))
        expect(yield* Effect.timeout(gone, "1 minute")).toMatchObject({ _tag: "CameraNotRunning" })
        yield* control.statuses.pipe(
          Effect.repeat({
            until: (all) => all.every(({ cameraId }) => cameraId !== camera.id),
            schedule: Schedule.spaced("100 millis")
          }),
          Effect.timeout("1 minute")
        )
      })
    )
  })
})
