import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { EdgeBacklog } from "@vigil/core/Edge"
import type { EdgeAction, EdgeAnswer, EdgeCommand } from "@vigil/core/EdgeCommand"
import type { CameraId, EdgeId } from "@vigil/core/Ids"
import type { NodeLoad } from "@vigil/core/Node"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { type EdgeCamera, type EdgeRight, EdgeStore } from "@vigil/core/port/EdgeStore"
import { emptyStatistics } from "@vigil/core/Source"
import { wallTime } from "@vigil/core/Time"
import { Context, DateTime, Deferred, type Duration, Effect, Layer, Metric, Option, Queue, type Scope, Stream } from "effect"

/** Milliseconds without a report after which an edge counts as unreachable; it reports every two seconds. */
const silence = 6000
/** The same where another node has the link: what is known of it then is written every few seconds. */
const silenceElsewhere = 20_000
/** Commands that wait for an edge at the most. */
const mostCommands = 64
const lookInterval = "5 seconds"
/** Between two looks, however many changes of cameras there are. */
const lookRest = "500 millis"

/** An edge that is connected to this node. */
export interface EdgeLink {
  readonly edge: EdgeRight
  readonly commands: Queue.Queue<EdgeCommand>
  /** Completes when the link has to end: its token is worth nothing any more, or the edge connected anew. */
  readonly ended: Deferred.Deferred<void>
}

/** What an edge said last. Times are monotonic milliseconds. */
interface Heard {
  readonly statuses: Map<CameraId, CameraStatus>
  at: number
  lostAt: DateTime.Utc
  backlog: EdgeBacklog | undefined
  load: NodeLoad | undefined
}

export interface EdgeReport {
  readonly backlog: EdgeBacklog
  readonly load?: NodeLoad | undefined
  readonly statuses: ReadonlyArray<CameraStatus>
}

const connected = Metric.gauge("vigil_edges_connected", { description: "Edges whose link is with this node" })
const waiting = Metric.gauge("vigil_edge_backlog_events", { description: "Events that an edge holds and has not delivered" })
const age = Metric.gauge("vigil_edge_oldest_event_age_seconds", {
  description: "Age of the oldest event that an edge has not delivered"
})

/** The links of edges to this node, and the cameras that edges run. */
export class EdgeLinks extends Context.Tag("@vigil/api/EdgeLinks")<
  EdgeLinks,
  {
    /** Takes the place of the edge's link before, until the scope closes. */
    readonly attach: (edge: EdgeRight) => Effect.Effect<EdgeLink, never, Scope.Scope>
    readonly commands: (edge: EdgeId) => Stream.Stream<EdgeCommand>
    readonly answer: (edge: EdgeId, id: string, answer: EdgeAnswer) => Effect.Effect<void>
    readonly report: (edge: EdgeRight, report: EdgeReport) => Effect.Effect<void>
    /** Asks the camera's edge; none where it is not connected here, or says nothing within the limit. */
    readonly ask: (
      camera: CameraId,
      action: EdgeAction,
      limit: Duration.DurationInput
    ) => Effect.Effect<Option.Option<EdgeAnswer>>
    /** Whether an edge runs the camera. */
    readonly has: (camera: CameraId) => boolean
    readonly camera: (camera: CameraId) => EdgeCamera | undefined
    readonly status: (camera: CameraId) => CameraStatus | undefined
    readonly statuses: () => ReadonlyArray<CameraStatus>
    /** What the edge said last, where it is connected here. */
    readonly heard: (edge: EdgeId) => Pick<EdgeReport, "backlog" | "load"> | undefined
    /** Looks at the stored cameras now. */
    readonly refresh: Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<EdgeLinks, never, CameraStore | EdgeStore> = Layer.scoped(
    EdgeLinks,
    Effect.suspend(() => make)
  )
}

const nothingDone = {
  framesDecoded: 0,
  framesDropped: 0,
  framesSkipped: 0,
  inferences: 0,
  inferencesDropped: 0,
  detections: 0,
  events: 0,
  segments: 0
} as const

const nodeOf = ({ edgeName }: EdgeCamera): string => `edge:${edgeName ?? "revoked"}`

const why = ({ edgeName, silence: since }: EdgeCamera): string => {
  if (edgeName === undefined) return "its edge was revoked: give the camera to another edge, or to the centre"
  if (since === undefined) return `edge ${edgeName} has not connected yet: start vigil edge with its token`
  return `edge ${edgeName} cannot be reached; it works on by itself, and delivers its events when it is back`
}

const unreachable = (camera: EdgeCamera, last: CameraStatus | undefined, since: DateTime.Utc): CameraStatus => {
  const at = wallTime(since.epochMillis)
  return {
    cameraId: camera.cameraId,
    epoch: camera.epoch,
    revision: last?.revision ?? 0,
    source: last?.source ?? emptyStatistics,
    pipeline: last?.pipeline ?? nothingDone,
    viewers: 0,
    node: nodeOf(camera),
    state: {
      _tag: "BackingOff",
      since: at,
      failure: { reason: "unreachable", detail: why(camera) },
      failures: 1,
      retryAt: at
    },
    updatedAt: since
  }
}

const make = Effect.gen(function* () {
  const store = yield* EdgeStore
  const links = new Map<EdgeId, EdgeLink>()
  const heard = new Map<EdgeId, Heard>()
  const asked = new Map<string, { readonly edge: EdgeId; readonly answer: Deferred.Deferred<EdgeAnswer> }>()
  const started = yield* DateTime.now
  let cameras: ReadonlyMap<CameraId, EdgeCamera> = new Map()

  const refresh = store.cameras.pipe(
    Effect.map((all) => {
      cameras = new Map(all.map((camera) => [camera.cameraId, camera]))
    }),
    // What was known before holds until the next look.
    Effect.catchTag("StoreUnavailable", (error) => Effect.logDebug(error.message))
  )
  yield* refresh
  const hints = yield* Queue.sliding<void>(1)
  yield* Stream.merge((yield* CameraStore).changes, store.changes).pipe(
    Stream.runForEach(() => Queue.offer(hints, undefined)),
    Effect.forkScoped
  )
  const nextLook = Effect.zipRight(Effect.sleep(lookRest), Effect.timeoutOption(Queue.take(hints), lookInterval))
  yield* Effect.forkScoped(Effect.forever(Effect.zipRight(nextLook, refresh)))

  const isHeard = (edge: EdgeId): boolean => performance.now() - (heard.get(edge)?.at ?? -silence) < silence

  const forget = (link: EdgeLink) =>
    Effect.suspend(() => {
      if (links.get(link.edge.id) === link) links.delete(link.edge.id)
      return Effect.zipRight(Queue.shutdown(link.commands), Metric.set(connected, links.size))
    })

  const attach = (edge: EdgeRight) =>
    Effect.gen(function* () {
      const link: EdgeLink = {
        edge,
        commands: yield* Queue.dropping<EdgeCommand>(mostCommands),
        ended: yield* Deferred.make<void>()
      }
      yield* Effect.addFinalizer(() => forget(link))
      const before = links.get(edge.id)
      links.set(edge.id, link)
      if (before !== undefined) yield* Deferred.succeed(before.ended, undefined)
      yield* Metric.set(connected, links.size)
      return link
    })

  const report = (edge: EdgeRight, { backlog, load, statuses }: EdgeReport) =>
    Effect.gen(function* () {
      const known = heard.get(edge.id)?.statuses ?? new Map<CameraId, CameraStatus>()
      for (const status of statuses) known.set(status.cameraId, { ...status, node: `edge:${edge.name}` })
      for (const id of known.keys()) if (cameras.has(id) && cameras.get(id)?.edgeId !== edge.id) known.delete(id)
      const now = yield* DateTime.now
      heard.set(edge.id, { statuses: known, at: performance.now(), lostAt: now, backlog, load })
      const { oldest } = backlog
      yield* Metric.set(Metric.tagged(waiting, "edge", edge.name), backlog.events)
      yield* Metric.set(
        Metric.tagged(age, "edge", edge.name),
        oldest === null ? 0 : Math.max(0, (now.epochMillis - oldest.epochMillis) / 1000)
      )
    })

  const statusOf = (camera: EdgeCamera): CameraStatus | undefined => {
    const said = heard.get(camera.edgeId)
    const last = said?.statuses.get(camera.cameraId)
    if (camera.edgeName !== undefined && isHeard(camera.edgeId)) return last
    const isElsewhere = said === undefined && (camera.silence ?? Infinity) < silenceElsewhere
    if (!camera.enabled || (isElsewhere && camera.edgeName !== undefined)) return undefined
    return unreachable(camera, last, said?.lostAt ?? started)
  }

  const ask = (cameraId: CameraId, action: EdgeAction, limit: Duration.DurationInput) =>
    Effect.gen(function* () {
      const edgeId = cameras.get(cameraId)?.edgeId
      const link = edgeId === undefined ? undefined : links.get(edgeId)
      if (link === undefined) return Option.none()
      const id = crypto.randomUUID()
      const answer = yield* Deferred.make<EdgeAnswer>()
      asked.set(id, { edge: link.edge.id, answer })
      const sent = yield* Queue.offer(link.commands, { id, cameraId, action })
      const awaited = sent ? Effect.timeoutOption(Deferred.await(answer), limit) : Effect.succeedNone
      return yield* Effect.ensuring(
        awaited,
        Effect.sync(() => asked.delete(id))
      )
    })

  return EdgeLinks.of({
    attach,
    commands: (edge) => {
      const link = links.get(edge)
      return link === undefined ? Stream.empty : Stream.fromQueue(link.commands)
    },
    answer: (edge, id, answer) => {
      const question = asked.get(id)
      return question?.edge === edge ? Effect.asVoid(Deferred.succeed(question.answer, answer)) : Effect.void
    },
    report,
    ask,
    has: (camera) => cameras.has(camera),
    camera: (camera) => cameras.get(camera),
    status: (id) => {
      const camera = cameras.get(id)
      return camera === undefined ? undefined : statusOf(camera)
    },
    statuses: () => [...cameras.values()].flatMap((camera) => statusOf(camera) ?? []),
    heard: (edge) => {
      const said = heard.get(edge)
      return said?.backlog === undefined || !isHeard(edge) ? undefined : { backlog: said.backlog, load: said.load }
    },
    refresh
  })
})
