import { LocalOperator } from "@vigil/api/auth/LocalOperator"
import { hashToken, newToken } from "@vigil/api/auth/Token"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import * as Edge from "@vigil/cli/Edge"
import * as Up from "@vigil/cli/Up"
import { type Camera, NewCamera } from "@vigil/core/Camera"
import { CameraStatus } from "@vigil/core/CameraStatus"
import { Event, type EventEntry } from "@vigil/core/Event"
import { type CameraId, defaultTenant, type EdgeId, EventId } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { Bus } from "@vigil/core/port/Bus"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EdgeStore } from "@vigil/core/port/EdgeStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { type NetworkProxy, startNetworkProxy } from "@vigil/fixtures/network/NetworkProxy"
import { makeEventWriter } from "@vigil/runtime/camera/EventWriter"
import { defaultEdgeLimits, type EdgeLinkState, runEdge } from "@vigil/runtime/edge/EdgeNode"
import {
  Chunk,
  ConfigProvider,
  type Context,
  DateTime,
  Effect,
  Exit,
  type Layer as LayerType,
  Layer,
  Logger,
  LogLevel,
  Redacted,
  Schema,
  Scope,
  Stream
} from "effect"
import { newDatabaseUrl } from "../SharedDatabase.js"
import { temporaryFolder, until } from "../Vigil.js"

const environment = (port: number, variables: Readonly<Record<string, string>> = {}) =>
  Layer.merge(
    Layer.setConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries({ VIGIL_HOST: "127.0.0.1", VIGIL_PORT: String(port), ...variables })))
    ),
    Logger.minimumLogLevel(LogLevel.None)
  )

type CentreServices = LayerType.Layer.Success<ReturnType<typeof Up.layer>>
type EdgeServices = LayerType.Layer.Success<ReturnType<typeof Edge.layer>>

/** A centre, in this process, that can be ended and started again at the same address. */
export const startCentre = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const database = { VIGIL_DATABASE_URL: yield* newDatabaseUrl }
  let port = 0
  let scope = yield* Scope.make()
  const open = Effect.gen(function* () {
    scope = yield* Scope.make()
    const built: Context.Context<CentreServices> = yield* Layer.build(
      Layer.provide(Up.layer(folder), environment(port, database))
    ).pipe(Scope.extend(scope))
    port = (yield* Effect.provide(ServerAddress, built)).port
    return built
  })
  let context = yield* open
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  return {
    port,
    stop: Effect.suspend(() => Scope.close(scope, Exit.void)),
    start: Effect.map(open, (again) => {
      context = again
    }),
    /** Asks its services as they are now. */
    ask: <A, E>(work: Effect.Effect<A, E, CentreServices>): Effect.Effect<A, E> =>
      Effect.suspend(() => Effect.provide(work, context))
  }
})

/** What the operator of the centre's machine is answered over HTTP. */
export const visit = (centre: Pick<RunningCentre, "ask" | "port">, path: string, method = "GET", body?: unknown) =>
  Effect.flatMap(centre.ask(LocalOperator), ({ token }) =>
    Effect.promise(() =>
      fetch(`http://127.0.0.1:${centre.port}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${Redacted.value(token)}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
    )
  )

const decodeStatuses = Schema.decodeUnknown(Schema.Array(CameraStatus))

/** A camera's status as people at the centre see it. */
export const statusOf = (centre: Pick<RunningCentre, "ask" | "port">, camera: CameraId) =>
  visit(centre, "/cameras/status").pipe(
    Effect.flatMap((answer) => Effect.promise(() => answer.json())),
    Effect.flatMap(decodeStatuses),
    Effect.map((all) => all.find(({ cameraId }) => cameraId === camera))
  )

export type RunningCentre = Effect.Effect.Success<typeof startCentre>

/** The way from edges to the centre, which can be cut. */
const startWay = (centre: RunningCentre) => startNetworkProxy({ target: { host: "127.0.0.1", port: centre.port } })

/** Nothing passes and nobody is told, as with a pulled cable. */
export const cut = (way: NetworkProxy) => Effect.sync(() => way.setFaults({ blackhole: true, refuse: true }))

export const mend = (way: NetworkProxy) =>
  Effect.sync(() => {
    way.setFaults({})
    way.killAll("reset")
  })

const limits: typeof defaultEdgeLimits = {
  ...defaultEdgeLimits,
  backoff: { base: 100, cap: 500, factor: 2, floor: 50 },
  slowRetry: 200,
  connect: 5000,
  report: 250,
  reportAnswer: 1500
}

export const makeEdge = (centre: RunningCentre, name: string, tenant = defaultTenant) =>
  Effect.gen(function* () {
    const token = newToken()
    const edge = yield* centre.ask(
      Effect.flatMap(EdgeStore, (store) => store.create(tenant, { name: NodeName.make(name) }, hashToken(token)))
    )
    return { id: edge.id, token }
  })

/** A centre, the way to it, and an edge that it knows, whose folder is empty. */
export const startSurroundings = (name: string) =>
  Effect.gen(function* () {
    const centre = yield* startCentre
    const way = yield* startWay(centre)
    const folder = yield* temporaryFolder
    return { centre, way, folder, origin: `http://127.0.0.1:${way.port}`, ...(yield* makeEdge(centre, name)) }
  })

/** An edge's program in this process: `stop` ends it at once, as a crash does, but for its database, which ends in order. */
export const startEdge = (folder: string, origin: string, token: string) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const states: Array<EdgeLinkState> = []
    const context: Context.Context<EdgeServices> = yield* Layer.build(Layer.provide(Edge.layer(folder), environment(0))).pipe(
      Scope.extend(scope)
    )
    const ended = yield* runEdge({
      version: "test",
      limits,
      onState: (state) => Effect.sync(() => states.push(state))
    }).pipe(
      Effect.provide(Edge.layerLink({ origin, ca: undefined, token: Effect.succeed(Redacted.make(token)) })),
      Effect.provide(context),
      Effect.provide(Logger.minimumLogLevel(LogLevel.None)),
      Effect.forkIn(scope)
    )
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    return {
      states,
      ended,
      stop: Scope.close(scope, Exit.void),
      ask: <A, E>(work: Effect.Effect<A, E, EdgeServices>): Effect.Effect<A, E> => Effect.provide(work, context)
    }
  })

export type RunningEdge = Effect.Effect.Success<ReturnType<typeof startEdge>>

export const addCamera = (centre: RunningCentre, edge: EdgeId | null, more: Partial<typeof NewCamera.Encoded> = {}) =>
  centre.ask(
    Effect.gen(function* () {
      const input = yield* Schema.decode(NewCamera)({
        name: "Till",
        url: "rtsp://192.0.2.7/1",
        enabled: false,
        analytics: [],
        edge,
        ...more
      })
      return yield* (yield* CameraStore).create(defaultTenant, input)
    })
  )

export const untilAssigned = (edge: RunningEdge, camera: Camera) =>
  until("the camera is at the edge", edge.ask(Effect.flatMap(CameraStore, (store) => store.list(camera.tenantId))), (cameras) =>
    cameras.some(({ id, revision }) => id === camera.id && revision === camera.revision)
  )

const event = ({ id, tenantId }: Camera) =>
  new Event({
    eventId: EventId.make(crypto.randomUUID()),
    customerId: tenantId,
    cameraId: id,
    eventType: "MOTION",
    confidence: 0.9,
    timestamp: DateTime.unsafeMake(1_700_000_000_000),
    detectionMetadata: {},
    clipUrl: null,
    priority: "STANDARD",
    status: "NEW"
  })

/** An edge, or a centre: whoever runs cameras. */
interface Writing {
  readonly ask: <A, E>(work: Effect.Effect<A, E, Bus | CameraControl | CameraStore | EventStore>) => Effect.Effect<A, E>
}

/** What happened in front of a camera, as an actor of its writes it; answers the events' ids in order. */
export const happen = (edge: Writing, camera: Camera, count: number) =>
  edge.ask(
    Effect.gen(function* () {
      // The camera's own actor comes first: what begins after it writes on.
      yield* until(
        "the camera has an actor",
        Effect.flatMap(CameraControl, ({ statuses }) => statuses),
        (all) => all.some(({ cameraId }) => cameraId === camera.id)
      )
      const epoch = yield* (yield* CameraStore).takeEpoch(camera.id)
      const before = (yield* (yield* EventStore).progress(camera.id)).stored
      const writer = yield* makeEventWriter(camera.id, epoch)
      const events = Array.from({ length: count }, () => event(camera))
      for (const each of events) writer.write(each)
      yield* until(
        "the events are stored",
        Effect.flatMap(EventStore, (store) => store.progress(camera.id)),
        ({ stored }) => stored >= before + count
      )
      return events.map(({ eventId }) => eventId)
    }).pipe(Effect.scoped)
  )

export const logOf = (centre: Pick<RunningCentre, "ask">, camera: CameraId): Effect.Effect<ReadonlyArray<EventEntry>, unknown> =>
  centre.ask(Effect.flatMap(EventStore, (store) => store.after(camera, 0, 100_000)))

/** Waits until the centre's log has so many entries; they must be these events, each once, in order, without gaps. */
export const untilDelivered = (centre: Pick<RunningCentre, "ask">, camera: Camera, ids: ReadonlyArray<EventId>) =>
  Effect.gen(function* () {
    const log = yield* until("the events are delivered", logOf(centre, camera.id), ({ length }) => length >= ids.length, 240)
    return { ids: log.map(({ event: { eventId } }) => eventId), sequences: log.map(({ sequence }) => sequence), log }
  })

/** The events that the bus of an edge, or of a centre, tells of. */
export const messagesOf = (
  place: { readonly ask: <A, E>(work: Effect.Effect<A, E, Bus>) => Effect.Effect<A, E> },
  camera: string
) =>
  place.ask(
    Effect.gen(function* () {
      const bus = yield* Bus
      const last = yield* bus.last
      if (last === 0) return []
      const stream = yield* bus.follow({ from: 1 })
      const all = yield* Stream.runCollect(Stream.takeUntil(stream, ({ position }) => position >= last))
      return Chunk.toReadonlyArray(all).flatMap(({ message }) =>
        message.type === "event.stored" && message.cameraId === camera ? [message.entry.event.eventId] : []
      )
    }).pipe(Effect.scoped)
  )
