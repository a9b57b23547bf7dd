import type { Camera } from "@vigil/core/Camera"
import { type CameraSecrets, connectedAddress } from "@vigil/core/CameraRecord"
import { type CameraAction, type CameraInput, initialCamera, type Now, step } from "@vigil/core/CameraState"
import type { CameraStatus, WorkerSummary } from "@vigil/core/CameraStatus"
import { streamFacts } from "@vigil/core/ModelSuitability"
import { NoKeyframe } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import type { StaleEpoch } from "@vigil/core/port/EventStore"
import {
  type Credentials,
  emptyStatistics,
  type OpenSource,
  type SourceConfig,
  type SourceError,
  type SourceStatistics
} from "@vigil/core/Source"
import { type MonotonicTime, wallTime } from "@vigil/core/Time"
import { CameraRuns } from "@vigil/core/settings/CameraRuns"
import { DateTime, Deferred, Effect, Equal, Fiber, Mailbox, Option, Runtime } from "effect"
import { now as monotonicNow } from "../MonotonicClock.js"
import { makePipeline } from "../Pipeline.js"
import { Sources } from "../source/Sources.js"
import { type CameraActor, CameraActors } from "./CameraActors.js"
import { makeEarlyUnits } from "./EarlyUnits.js"
import { type Lookers, makeRequirementWarnings } from "./RequirementWarnings.js"

/** A camera's inputs wait here for its one fiber; ticks and states are few, so it never fills in a healthy process. */
const mailboxCapacity = 1024

/** Milliseconds after which the fiber of a camera that is switched off comes around: nothing is due there, but that it still does. */
const restBeat = 5000

const readClock = (): Now => ({ monotonic: monotonicNow(), wall: wallTime(performance.timeOrigin + performance.now()) })

const nobody: Lookers = { model: undefined, analytics: [] }

const sameCredentials = Option.getEquivalence<Credentials>(
  (a, b) => a.username === b.username && Equal.equals(a.password, b.password)
)

const sameSecrets = (a: CameraSecrets, b: CameraSecrets): boolean =>
  sameCredentials(a.credentials, b.credentials) && Equal.equals(a.address, b.address)

const samePlace = (a: Camera, b: Camera): boolean =>
  a.url === b.url && a.transport === b.transport && JSON.stringify(a.tls) === JSON.stringify(b.tls)

/**
 * A camera's actor: interprets the actions of the pure state machine. It owns the pipeline and, one after the other, the sources.
 * Lives until its scope closes, and is listed in {@link CameraActors} for that long. `end` has that happen: the actor runs it when it is to be retired, or a
 * newer one of the camera writes.
 */
export const makeCameraActor = (first: Camera, node: string, shard: string, end: Effect.Effect<void> = Effect.void) =>
  Effect.gen(function* () {
    const actors = yield* CameraActors
    const gone = yield* Deferred.make<void>()
    const retire = Effect.zipRight(Effect.forkDaemon(end), Deferred.await(gone))
    // The first finalizer runs last: an actor is listed until nothing of it is left, so that no other one of the camera starts beside it.
    yield* Effect.addFinalizer(() => {
      if (actors.get(first.id)?.retire === retire) actors.delete(first.id)
      return Deferred.succeed(gone, undefined)
    })
    const store = yield* CameraStore
    const sources = yield* Sources
    const scope = yield* Effect.scope
    const id = first.id
    const epoch = yield* store.takeEpoch(id)
    const settings = yield* CameraRuns
    let run = yield* settings.run(first)
    let fencedBy: StaleEpoch | undefined
    const runFork = Runtime.runFork(yield* Effect.runtime())
    const pipeline = yield* makePipeline(run, epoch, (error) => {
      fencedBy = error
      const ending = Effect.zipRight(Effect.logWarning("the camera runs elsewhere, this actor ends", error), end)
      runFork(Effect.annotateLogs(ending, { camera: id }))
    })
    const configuring = yield* Effect.makeSemaphore(1)
    const warnings = makeRequirementWarnings()
    const inputs = yield* Mailbox.make<CameraInput>(mailboxCapacity)

    let camera = first
    let machine = initialCamera(readClock())
    let secrets = yield* store.secrets(id)
    let source: { readonly open: OpenSource; readonly attempt: number } | undefined
    let lastStatistics: SourceStatistics = emptyStatistics
    let sourceFiber: Fiber.RuntimeFiber<void> | undefined
    let retry: Fiber.RuntimeFiber<void> | undefined
    let newest: MonotonicTime | undefined
    let updatedAt = DateTime.unsafeNow()
    let reacted = monotonicNow()
    let worker: WorkerSummary | undefined

    const tell = (input: CameraInput) => Effect.sync(() => inputs.unsafeOffer(input))

    const config = (): SourceConfig => ({
      url: connectedAddress(camera, secrets),
      camera: id,
      ...Option.match(secrets.credentials, { onNone: () => ({}), onSome: (known) => ({ credentials: known }) }),
      transport: camera.transport,
      tls: camera.tls,
      pace: "realtime",
      loop: true
    })

    const runSource = (attempt: number) =>
      Effect.gen(function* () {
        // Access units may come before the pipeline knows what they are.
        const early = makeEarlyUnits()
        const open = yield* sources.open(config(), (unit) => {
          newest = unit.received
          return early.sink(unit)
        })
        yield* pipeline.begin(open.description)
        early.release(pipeline.sink)
        source = { open, attempt }
        yield* tell({ _tag: "Connected", attempt })
        yield* open.ended
      }).pipe(
        Effect.scoped,
        Effect.matchEffect({
          onSuccess: () => tell({ _tag: "SourceEnded", attempt }),
          onFailure: (error: SourceError) =>
            tell({ _tag: "SourceFailed", attempt, failure: { reason: error.reason, detail: error.detail } })
        }),
        Effect.asVoid
      )

    const closeSource = Effect.suspend(() => {
      const fiber = sourceFiber
      sourceFiber = undefined
      lastStatistics = source?.open.statistics() ?? lastStatistics
      source = undefined
      newest = undefined
      return fiber === undefined ? Effect.void : Fiber.interrupt(fiber)
    })

    const cancelRetry = Effect.suspend(() => {
      const fiber = retry
      retry = undefined
      return fiber === undefined ? Effect.void : Fiber.interruptFork(fiber)
    })

    const perform = (action: CameraAction): Effect.Effect<void> => {
      switch (action._tag) {
        case "OpenSource":
          return Effect.map(Effect.forkIn(runSource(action.attempt), scope), (fiber) => {
            sourceFiber = fiber
          })
        case "CloseSource":
          return closeSource
        case "ScheduleRetry": {
          const due = Effect.delay(tell({ _tag: "RetryDue", attempt: action.attempt }), action.after)
          return Effect.map(Effect.forkIn(Effect.asVoid(due), scope), (fiber) => {
            retry = fiber
          })
        }
        case "CancelRetry":
          return cancelRetry
        case "Report":
          return report(action.state)
      }
    }

    const report = (state: CameraStatus["state"]) => {
      updatedAt = DateTime.unsafeNow()
      if (!("failure" in state) || state._tag === "Connecting") return Effect.logInfo(`camera is ${state._tag}`)
      return Effect.logWarning(`camera is ${state._tag}: ${state.failure.reason}, ${state.failure.detail}`)
    }

    const advance = (input: CameraInput): ReadonlyArray<CameraAction> => {
      const [next, actions] = step(machine, input, readClock(), Math.random())
      machine = next
      return actions
    }

    const performAll = (actions: ReadonlyArray<CameraAction>) =>
      actions.length === 0 ? Effect.void : Effect.forEach(actions, perform, { discard: true })

    const handle = (input: CameraInput) => Effect.suspend(() => performAll(advance(input)))

    const facts = () => streamFacts(source?.open.description, source?.open.statistics().bitrate ?? 0)

    /** Most find nothing to do, once a second in each of thousands of cameras. */
    const tick = Effect.suspend(() => {
      reacted = monotonicNow()
      const seen = newest === undefined ? [] : advance({ _tag: "AccessUnitSeen", attempt: machine.attempt, at: newest })
      const actions = [...seen, ...advance({ _tag: "Tick" })]
      // A camera that is switched off lacks nothing.
      const lookers = machine.state._tag === "Disabled" ? nobody : { model: pipeline.model(), analytics: pipeline.analytics() }
      const warn = warnings.look(lookers, run, facts, reacted)
      return Effect.zipRight(performAll(actions), warn)
    })

    const live = inputs.take.pipe(
      Effect.flatMap((input) => (input._tag === "Tick" ? tick : handle(input))),
      Effect.forever,
      // The mailbox ends with the actor's scope.
      Effect.catchTag("NoSuchElementException", () => Effect.void)
    )

    const status = (): CameraStatus => {
      const modelWarnings = warnings.ofModel()
      const analyticWarnings = warnings.ofAnalytics()
      const problem = machine.state._tag === "Disabled" ? undefined : pipeline.detectorProblem()
      const description = source?.open.description ?? pipeline.hub.description()
      return {
        cameraId: id,
        state: machine.state,
        node,
        epoch,
        revision: camera.revision,
        ...(description === undefined ? {} : { description }),
        source: source?.open.statistics() ?? lastStatistics,
        pipeline: pipeline.statistics(),
        viewers: pipeline.live.viewers(),
        ...(problem === undefined ? {} : { detectorProblem: problem }),
        ...(modelWarnings.length === 0 ? {} : { modelWarnings }),
        ...(analyticWarnings.length === 0 ? {} : { analyticWarnings }),
        ...(worker === undefined ? {} : { worker }),
        updatedAt
      }
    }

    const follow = Effect.gen(function* () {
      const next = yield* settings.run(camera)
      if (JSON.stringify(next) === JSON.stringify(run)) return
      run = next
      yield* pipeline.configure(next)
    }).pipe(Effect.annotateLogs({ camera: id }))

    const configure = (next: Camera) =>
      Effect.gen(function* () {
        if (next.revision <= camera.revision) return
        const before = camera
        const known = Option.getOrElse(yield* Effect.option(store.secrets(id)), () => secrets)
        const isConfided = sameSecrets(known, secrets)
        secrets = known
        camera = next
        yield* follow
        if (before.enabled !== next.enabled) yield* tell({ _tag: next.enabled ? "Enabled" : "Disabled" })
        else if (!samePlace(before, next) || !isConfided) yield* tell({ _tag: "ConfigurationChanged" })
      }).pipe(configuring.withPermits(1))

    const requestKeyframe = Effect.suspend(() => {
      if (source === undefined) {
        return new NoKeyframe({ cameraId: id, reason: "not-connected", detail: `it is ${machine.state._tag}` })
      }
      const { description, keyframe } = source.open
      if (keyframe === undefined) {
        const detail = `its ${description.protocol} stream offers no way to ask (RTSP: a=rtcp-fb with pli or fir)`
        return new NoKeyframe({ cameraId: id, reason: "unsupported", detail })
      }
      return Effect.as(Effect.sync(keyframe.request), keyframe.method)
    })

    yield* live.pipe(Effect.annotateLogs({ camera: id, name: camera.name }), Effect.forkScoped)
    if (first.enabled) yield* tell({ _tag: "Enabled" })

    const actor: CameraActor = {
      id,
      tenantId: first.tenantId,
      epoch,
      pulse: () => ({ state: machine.state, revision: camera.revision, reacted, mediaRestarts: pipeline.mediaRestarts() }),
      hub: pipeline.hub,
      live: pipeline.live,
      overlays: pipeline.overlays,
      snapshot: pipeline.snapshot,
      status,
      supervised: (summary) => {
        worker = summary
      },
      configure,
      follow: configuring.withPermits(1)(follow),
      requestKeyframe,
      restart: Effect.asVoid(tell({ _tag: "ConfigurationChanged" })),
      followModels: pipeline.followModels,
      beat: () => {
        const isOff = machine.state._tag === "Disabled"
        if (!isOff || monotonicNow() - reacted >= restBeat) inputs.unsafeOffer({ _tag: "Tick" })
      },
      fenced: () => fencedBy,
      shard,
      retire
    }
    actors.set(id, actor)
    // Settings may have changed before it was listed.
    yield* actor.follow
    return actor
  })
