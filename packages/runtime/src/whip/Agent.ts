import type { AccessUnit } from "@vigil/core/AccessUnit"
import { type BackoffPolicy, delay } from "@vigil/core/Backoff"
import type { CameraId } from "@vigil/core/Ids"
import type { VideoTrack } from "@vigil/core/MediaTrack"
import { type OpenSource, type SourceConfig, SourceError } from "@vigil/core/Source"
import { displayUrl } from "@vigil/core/SourceUrl"
import { DateTime, Deferred, Effect, type Redacted } from "effect"
import { type Hub, makeHub } from "../hub/Hub.js"
import { now } from "../MonotonicClock.js"
import { Sources } from "../source/Sources.js"
import type { WebRtcOptions } from "../webrtc/WebRtcOptions.js"
import { type AgentState, AgentStatus } from "./AgentStatus.js"
import { type PublishedTracks, publishedTracks } from "./PublishedTracks.js"
import { offerTracks, type PublishingConnection } from "./PublishingConnection.js"
import { publish, remove, WhipError } from "./WhipClient.js"
import { whipEndpoint, type WhipServer } from "./WhipServer.js"

/** A camera beside the agent, and what the server knows it by. */
export interface AgentCamera {
  readonly camera: CameraId
  readonly source: SourceConfig
  /** Read anew for each attempt, so that a token can be replaced while the agent runs. */
  readonly token: Effect.Effect<Redacted.Redacted, WhipError>
}

/** Times in milliseconds. */
export interface AgentLimits {
  readonly backoff: BackoffPolicy
  /** After a refusal that only a person can mend. */
  readonly slowRetry: number
  /** How long it must go well before earlier failures are forgotten. */
  readonly healthyAfter: number
  /** For the camera's first key frame. */
  readonly keyframe: number
  /** From the server's answer to media that flows. */
  readonly connect: number
  /** Without any report of the server. */
  readonly silence: number
  /** Between two statuses of a stream that is published. */
  readonly status: number
  /** Bytes of the newest group of pictures, which a new connection gets first. */
  readonly groupBytes: number
}

export const defaultAgentLimits: AgentLimits = {
  backoff: { base: 500, cap: 15_000, factor: 2, floor: 250 },
  slowRetry: 60_000,
  healthyAfter: 10_000,
  keyframe: 30_000,
  connect: 15_000,
  silence: 6000,
  status: 30_000,
  groupBytes: 32 * 1024 * 1024
}

export interface AgentOptions {
  readonly server: WhipServer
  readonly webRtc: WebRtcOptions
  readonly limits: AgentLimits
  readonly report: (status: AgentStatus) => Effect.Effect<void>
}

type Party = "camera" | "server"

/** One party was lost or refuses. */
interface Failure {
  readonly party: Party
  readonly reason: string
  readonly detail: string
  /** Milliseconds to wait at least. */
  readonly least: number
}

const slowReasons: ReadonlySet<string> = new Set(["invalid-url", "unsupported", "not-found", "unauthorized", "rejected", "tls"])

const failureOf = (error: SourceError | WhipError, limits: AgentLimits): Failure => ({
  party: error instanceof SourceError ? "camera" : "server",
  reason: error.reason,
  detail: error.detail,
  least: slowReasons.has(error.reason) ? limits.slowRetry : error instanceof WhipError ? (error.retryAfter ?? 0) : 0
})

type Tell = (state: AgentState) => Effect.Effect<void>

/** Does the work over and over, for ever: after each failure later, up to a cap. `work` is told where it begins to go well. */
const persist = <R>(
  work: (well: () => void) => Effect.Effect<void, SourceError | WhipError, R>,
  limits: AgentLimits,
  tell: Tell
): Effect.Effect<never, never, R> =>
  Effect.suspend(() => {
    let failures = 0
    let wellSince: number | undefined
    const again = (error: SourceError | WhipError) =>
      Effect.suspend(() => {
        if (wellSince !== undefined && now() - wellSince >= limits.healthyAfter) failures = 0
        failures++
        const { least, ...failure } = failureOf(error, limits)
        const after = Math.round(Math.max(least, delay(limits.backoff, failures, Math.random())))
        return Effect.zipRight(tell({ _tag: "Retrying", ...failure, failures, after }), Effect.sleep(after))
      })
    const attempt = Effect.suspend(() => {
      wellSince = undefined
      return work(() => {
        wellSince ??= now()
      })
    })
    return Effect.forever(Effect.catchAll(attempt, again))
  })

/** What of the camera can be published, known from its first key frame on. */
const awaitTracks = (open: OpenSource, keyframe: Deferred.Deferred<void>, url: string, limits: AgentLimits) =>
  Deferred.await(keyframe).pipe(
    Effect.timeoutFail({
      duration: limits.keyframe,
      onTimeout: () => new SourceError({ reason: "stalled", url, detail: `No key frame came within ${limits.keyframe} ms` })
    }),
    Effect.flatMap(() => {
      const tracks = publishedTracks(open.description)
      return typeof tracks === "string" ? new SourceError({ reason: "unsupported", url, detail: tracks }) : Effect.succeed(tracks)
    })
  )

const describe = ({ description }: OpenSource, { silent }: PublishedTracks): string => {
  const video = description.tracks.find((track): track is VideoTrack => track.kind === "video")
  const size = video?.width === undefined ? "" : ` ${video.width}x${video.height}`
  return `${video?.codec ?? "video"}${size}${silent === undefined ? "" : `; ${silent}`}`
}

const lost = (detail: string) => new WhipError({ reason: "unreachable", detail })

/** Offers the stream, and takes it back at the end of the scope. */
const negotiate = (camera: AgentCamera, options: AgentOptions, tracks: PublishedTracks, open: OpenSource) =>
  Effect.gen(function* () {
    const { limits, server, webRtc } = options
    const token = yield* camera.token
    const connection = yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () => offerTracks(tracks, { webRtc, silence: limits.silence, onKeyframeRequest: () => open.keyframe?.request() }),
        catch: (error) =>
          lost(`WebRTC cannot be begun on this machine: ${error instanceof Error ? error.message : String(error)}`)
      }),
      (made) => Effect.sync(() => made.close())
    )
    const endpoint = whipEndpoint(server, camera.camera)
    const taken = yield* Effect.acquireRelease(
      Effect.interruptible(publish(server, endpoint, token, connection.offer)),
      // swallowed: a server that does not hear of the end finds out by itself
      ({ resource }) => Effect.ignore(remove(server, token, resource))
    )
    yield* Effect.tryPromise({
      try: () => connection.accept(taken.answer),
      catch: (error) =>
        new WhipError({
          reason: "rejected",
          detail: `${server.origin} gives an answer that makes no sense: ${error instanceof Error ? error.message : String(error)}`
        })
    })
    yield* Effect.promise(() => connection.connected).pipe(
      Effect.raceFirst(whenEnded(connection)),
      Effect.timeoutFail({
        duration: limits.connect,
        onTimeout: () =>
          lost(`No media could be sent to the server within ${limits.connect} ms: are its UDP ports of WebRTC open?`)
      })
    )
    return connection
  })

const whenEnded = ({ ended }: PublishingConnection) =>
  Effect.flatMap(
    Effect.promise(() => ended),
    (why) => Effect.fail(lost(why))
  )

/** Publishes what the hub has, until the server or the connection to it is lost. */
const publishOnce = (
  camera: AgentCamera,
  options: AgentOptions,
  tracks: PublishedTracks,
  open: OpenSource,
  hub: Hub,
  tell: Tell,
  well: () => void
) =>
  Effect.gen(function* () {
    yield* tell({ _tag: "Offering", stream: describe(open, tracks) })
    const connection = yield* negotiate(camera, options, tracks, open)
    yield* Effect.acquireRelease(
      Effect.sync(() => hub.subscribe({ onAccessUnit: connection.send }, "keyframe")),
      (leave) => Effect.sync(leave)
    )
    well()
    const status = Effect.suspend(() => tell({ _tag: "Publishing", ...connection.statistics() }))
    yield* Effect.zipRight(status, Effect.sleep(options.limits.status)).pipe(Effect.forever, Effect.forkScoped)
    return yield* whenEnded(connection)
  }).pipe(Effect.scoped)

/** Connects the camera, and publishes it as long as it lasts. */
const connectOnce = (camera: AgentCamera, options: AgentOptions, tell: Tell, well: () => void) =>
  Effect.gen(function* () {
    const { limits } = options
    const url = displayUrl(camera.source.url)
    yield* tell({ _tag: "Connecting" })
    const hub = makeHub({ window: 0, maxBytes: limits.groupBytes })
    const keyframe = yield* Deferred.make<void>()
    const sink = (unit: AccessUnit) => {
      if (unit.kind === "video" && unit.keyframe && !unit.damaged) Deferred.unsafeDone(keyframe, Effect.void)
      void hub.publish(unit)
    }
    const open = yield* (yield* Sources).open(camera.source, sink)
    const ended = Effect.zipRight(
      open.ended,
      new SourceError({ reason: "closed", url, detail: "the camera's stream came to its end" })
    )
    const work = Effect.gen(function* () {
      const tracks = yield* awaitTracks(open, keyframe, url, limits)
      well()
      return yield* persist((fine) => publishOnce(camera, options, tracks, open, hub, tell, fine), limits, tell)
    })
    return yield* Effect.raceFirst(work, ended)
  }).pipe(Effect.scoped)

/**
 * Publishes one camera to a server, for ever: both are connected again whenever they are lost. While the server is away the camera stays
 * connected and the newest group of pictures is kept, so that the server has a picture at once when it is back. Interrupted, it takes leave of both.
 */
export const runAgent = (camera: AgentCamera, options: AgentOptions): Effect.Effect<never, never, Sources> => {
  const url = displayUrl(camera.source.url)
  const tell: Tell = (state) =>
    Effect.flatMap(DateTime.now, (at) => options.report(AgentStatus.make({ at, cameraId: camera.camera, url, state })))
  return persist((well) => connectOnce(camera, options, tell, well), options.limits, tell)
}
