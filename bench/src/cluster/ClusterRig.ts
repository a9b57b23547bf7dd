import { layerStores } from "@vigil/api/Persistence"
import { toUrl } from "@vigil/api/database/Connection"
import { Database } from "@vigil/api/database/Database"
import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { type NatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { type PostgresServer, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { Context, Data, Effect, Layer, Redacted, Schema, Scope } from "effect"
import { temporaryFolder } from "../Scenes.js"
import { type LightNode, type LightNodeFailed, startLightNode } from "./LightNode.js"
import { type FromLightNode, lightCameraUrl, type StoredEvent } from "./LightNodeProtocol.js"
import { makeOwnership, type Ownership } from "./Ownership.js"

/** Something did not come true in time. */
export class NotInTime extends Data.TaggedError("NotInTime")<{ readonly what: string; readonly seconds: number }> {
  override get message() {
    return `${this.what}: not within ${this.seconds} s`
  }
}

export interface ClusterRigOptions {
  readonly cameras: number
  /** Milliseconds between two events of each camera; none without it. */
  readonly eventEvery?: number
  /** A file that takes all nodes' logs. */
  readonly log?: string | undefined
}

/** Where a node is, if not with the others. */
export interface NodeSurroundings {
  readonly natsUrl?: string
  readonly databaseUrl?: string
  /** A program that starts it, and its first words. */
  readonly within?: readonly [string, ...ReadonlyArray<string>]
}

export interface ClusterRig {
  readonly nats: NatsServer
  readonly postgres: PostgresServer
  readonly database: typeof Database.Service
  readonly ownership: Ownership
  /** What event stores of nodes said that they took, and refused. */
  readonly stored: ReadonlyArray<StoredEvent>
  readonly refused: ReadonlyArray<StoredEvent>
  readonly cameras: ReadonlyArray<number>
  readonly nodes: () => ReadonlyArray<LightNode>
  /** Starts a node, which ends with the rig, and may reach NATS and PostgreSQL by other addresses than their own. */
  readonly start: (name: string, by?: NodeSurroundings) => Effect.Effect<LightNode, LightNodeFailed>
  /** Waits until every camera runs on exactly one of these processes (of all, without). */
  readonly settled: (on?: ReadonlyArray<LightNode>, seconds?: number) => Effect.Effect<void, NotInTime>
  /** The highest epoch of each camera that ran; a camera that was started anew has a higher one. */
  readonly epochs: Effect.Effect<ReadonlyMap<string, number>>
}

export const until = (what: string, holds: () => boolean, seconds = 20): Effect.Effect<void, NotInTime> =>
  Effect.gen(function* () {
    const deadline = performance.now() + seconds * 1000
    while (!holds()) {
      if (performance.now() > deadline) return yield* new NotInTime({ what, seconds })
      yield* Effect.sleep("10 millis")
    }
  })

const motion = { analytic: "motion", settings: { minimumDuration: 0, cooldown: 0 } }

const addCameras = (store: typeof CameraStore.Service, count: number, withEvents: boolean) =>
  Effect.forEach(
    Array.from({ length: count }, (_, camera) => camera),
    (camera) =>
      Schema.decode(NewCamera)({
        name: `Light ${camera}`,
        url: lightCameraUrl(camera),
        analytics: withEvents ? [motion] : []
      }).pipe(
        Effect.flatMap((input) => store.create(defaultTenant, input)),
        Effect.orDieWith((error) => error),
        Effect.as(camera)
      ),
    { concurrency: 8 }
  )

/** NATS and PostgreSQL of its own, cameras in it, and nodes as they are started; all of it ends with the scope. */
export const makeClusterRig = (options: ClusterRigOptions) =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const nats = yield* startNatsServer({ jetStream: true })
    const postgres = yield* startPostgresServer
    const folder = yield* temporaryFolder
    const context = yield* Layer.build(layerStores(toUrl(Redacted.make(postgres.url)), folder))
    const database = Context.get(context, Database)
    const cameras = yield* addCameras(Context.get(context, CameraStore), options.cameras, options.eventEvery !== undefined)
    const ownership = makeOwnership()
    const stored: Array<StoredEvent> = []
    const refused: Array<StoredEvent> = []
    const nodes = new Map<number, LightNode>()

    const hear = (name: string) => (message: FromLightNode, pid: number) => {
      if (message.type === "opened") ownership.opened(message.camera, name, pid, message.at)
      else if (message.type === "closed") ownership.closed(message.camera, pid, message.at)
      else if (message.type === "stored") stored.push(...message.entries)
      else if (message.type === "refused") refused.push(...message.entries)
    }

    const rig: ClusterRig = {
      nats,
      postgres,
      database,
      ownership,
      stored,
      refused,
      cameras,
      nodes: () => [...nodes.values()],
      start: (name, { within, ...by } = {}) =>
        Effect.tap(
          startLightNode({
            settings: {
              name,
              cluster: "bench",
              natsUrl: nats.url,
              databaseUrl: postgres.url,
              folder,
              verbose: options.log !== undefined,
              ...(options.eventEvery === undefined ? {} : { eventEvery: options.eventEvery }),
              ...by
            },
            onMessage: hear(name),
            onEnd: (pid, at) => {
              nodes.delete(pid)
              ownership.ended(pid, at)
            },
            log: options.log,
            within
          }),
          (node) => Effect.sync(() => nodes.set(node.pid, node))
        ).pipe(Scope.extend(scope)),
      settled: (on, seconds) =>
        Effect.suspend(() => {
          const allowed = new Set((on ?? [...nodes.values()]).map(({ pid }) => pid))
          return until(
            `${cameras.length} cameras on ${allowed.size} nodes`,
            () => {
              const running = ownership.running()
              return cameras.every((camera) => {
                const here = (running.get(camera) ?? []).filter(({ process }) => allowed.has(process))
                return here.length === 1
              })
            },
            seconds
          )
        }),
      epochs: database
        .system(
          "read epochs",
          (sql) => sql<{ readonly camera_id: string; readonly epoch: string }>`select camera_id, epoch from camera_epochs`
        )
        .pipe(
          Effect.map((rows) => new Map(rows.map((row) => [row.camera_id, Number(row.epoch)]))),
          Effect.orDieWith((error) => error)
        )
    }
    return rig
  })
