import { describe, expect, it } from "@effect/vitest"
import { toUrl } from "@vigil/api/database/Connection"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import { hashToken, newToken } from "@vigil/api/auth/Token"
import * as Node from "@vigil/cli/Node"
import { NewCamera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { defaultTenant } from "@vigil/core/Ids"
import { NodeName, type NodeRole } from "@vigil/core/Node"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import { Publications } from "@vigil/core/port/Publications"
import { sourceConfig } from "@vigil/core/Source"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { defaultAgentLimits, runAgent } from "@vigil/runtime/whip/Agent"
import * as Sources from "@vigil/runtime/source/Sources"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import { ConfigProvider, Effect, Fiber, Layer, Logger, LogLevel, Redacted, Schedule, Schema } from "effect"
import { temporaryFolder } from "./Vigil.js"

const environment = Layer.merge(
  Layer.setConfigProvider(
    ConfigProvider.fromMap(
      new Map([
        ["VIGIL_HOST", "127.0.0.1"],
        ["VIGIL_PORT", "0"],
        ["VIGIL_KEY", Buffer.alloc(32, 7).toString("base64")]
      ])
    )
  ),
  Logger.minimumLogLevel(LogLevel.Error)
)

/** A node that answers requests and runs no camera, and one that runs them. */
const twoNodes = Effect.gen(function* () {
  const nats = yield* startNatsServer()
  const postgres = yield* startPostgresServer
  const form = (name: string, role: NodeRole) =>
    Effect.map(
      temporaryFolder,
      (dataFolder): Node.NodeForm => ({
        name: NodeName.make(name),
        roles: [role],
        capacity: { cameras: 10, cpu: 1, memory: 2 ** 40 },
        labels: {},
        nats: { url: nats.url, cluster: "publishing" },
        database: toUrl(Redacted.make(postgres.url)),
        dataFolder
      })
    )
  yield* Layer.build(Layer.provide(Node.layerSilent(yield* form("runs", "camera")), environment))
  return yield* Layer.build(Layer.provide(Node.layerServing(yield* form("serves", "api")), environment))
})

describe.skipIf(!hasNatsServer || !hasPostgres)("publishing to a cluster [needs nats-server and PostgreSQL]", () => {
  it.scopedLive(
    "comes in at any node, and its media goes to the camera's",
    () =>
      Effect.gen(function* () {
        const context = yield* twoNodes
        const { video } = yield* sceneFile(street)
        const simulated = yield* startCameras({ files: [video] })
        yield* Effect.gen(function* () {
          const store = yield* CameraStore
          const control = yield* CameraControl
          const publications = yield* Publications
          const { url } = yield* ServerAddress
          const { id } = yield* store.create(defaultTenant, yield* Schema.decode(NewCamera)({ name: "Far", url: "whip:" }))
          const token = newToken()
          yield* (yield* PublishTokenStore).set(defaultTenant, id, hashToken(token))
          const agent = yield* runAgent(
            { camera: id, source: sourceConfig(simulated.urls[0] ?? ""), token: Effect.succeed(Redacted.make(token)) },
            {
              server: { origin: url, ca: undefined },
              webRtc: { addresses: ["127.0.0.1"], ports: undefined, iceServers: [] },
              limits: defaultAgentLimits,
              report: () => Effect.void
            }
          ).pipe(Effect.provide(Sources.layer.pipe(Layer.provide(MediaWorkersLive.layerConfig))), Effect.fork)
          const untilStatus = (holds: (status: CameraStatus) => boolean) =>
            Effect.delay(control.status(id), "100 millis").pipe(
              Effect.retry(Schedule.forever),
              Effect.repeat({ until: holds }),
              Effect.timeout("100 seconds")
            )
          const streaming = yield* untilStatus(({ source, state }) => state._tag === "Streaming" && source.accessUnits > 10)
          expect(streaming.node).toBe("runs")
          expect(streaming.description?.protocol).toBe("WHIP")
          const refused = yield* Effect.flip(publications.open(id, "nonsense"))
          expect(refused).toMatchObject({ _tag: "PublicationRefused", reason: "offer" })
          expect(yield* Effect.flip(publications.close(id, "another"))).toMatchObject({ _tag: "PublicationNotFound" })
          yield* Fiber.interrupt(agent)
          const { state } = yield* untilStatus((status) => status.state._tag !== "Streaming")
          if (state._tag === "BackingOff") expect(state.failure.detail).toMatch(/ended its publication/)
          yield* publications.closeAll(id)
        }).pipe(Effect.provide(context))
      }),
    400_000
  )
})
