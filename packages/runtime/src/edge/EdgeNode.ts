import { type BackoffPolicy, delay } from "@vigil/core/Backoff"
import { edgeBatch } from "@vigil/core/contract/EdgeRpc"
import type { EdgeAssignment } from "@vigil/core/EdgeAssignment"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { EdgeBuffer, type EdgeFolderTaken } from "@vigil/core/port/EdgeBuffer"
import { ErasureStore } from "@vigil/core/port/ErasureStore"
import { carryOut } from "@vigil/core/privacy/CarryOutErasure"
import { Cause, Chunk, Deferred, Duration, Effect, Queue, Schedule, Stream } from "effect"
import { now } from "../MonotonicClock.js"
import { runCommand } from "./CommandRunner.js"
import { Deliverer } from "./Deliverer.js"
import { type EdgeCalls, EdgeLink, EdgeLinkError } from "./EdgeLink.js"
import { EdgeModels } from "./EdgeModels.js"

/** Times in milliseconds. */
export interface EdgeLimits {
  readonly backoff: BackoffPolicy
  /** After the centre refused the token: only a person can mend that. */
  readonly slowRetry: number
  /** How long the link must hold before earlier failures are forgotten. */
  readonly healthyAfter: number
  /** From connecting to the first assignment. */
  readonly connect: number
  /** Between two reports, and how long the centre may take to answer one. */
  readonly report: number
  readonly reportAnswer: number
}

export const defaultEdgeLimits: EdgeLimits = {
  backoff: { base: 1000, cap: 15_000, factor: 2, floor: 250 },
  slowRetry: 30_000,
  healthyAfter: 10_000,
  connect: 15_000,
  report: 2000,
  reportAnswer: 6000
}

/** How the link is. */
export type EdgeLinkState =
  | { readonly _tag: "Connecting" }
  | { readonly _tag: "Connected"; readonly name: string; readonly cameras: number }
  | { readonly _tag: "CutOff"; readonly reason: EdgeLinkError["reason"]; readonly detail: string; readonly after: number }

export interface EdgeOptions {
  readonly version: string
  readonly limits: EdgeLimits
  readonly onState: (state: EdgeLinkState) => Effect.Effect<void>
}

/** Commands that are done at the same time. */
const commandConcurrency = 4

const silent = (what: string, limit: number) => () =>
  new EdgeLinkError({
    reason: "silent",
    detail: `the centre did not answer ${what} within ${Duration.format(Duration.millis(limit))}`
  })

/** Whatever ends a call ends the link, and says why. */
const asLinkError = (error: { readonly _tag: string; readonly message: string }): EdgeLinkError => {
  if (error instanceof EdgeLinkError) return error
  if (error._tag === "Unauthorized") return new EdgeLinkError({ reason: "unauthorized", detail: error.message })
  return new EdgeLinkError({ reason: error._tag === "RpcClientError" ? "unreachable" : "refused", detail: error.message })
}

const ended = (what: string) => new EdgeLinkError({ reason: "unreachable", detail: `the centre ended ${what}` })

/** Makes the cameras of this node those that the centre wants, whenever it says so. Where they cannot be stored now, it is tried again. */
const followAssignment = (
  calls: EdgeCalls,
  { limits }: EdgeOptions,
  onAdopted: (assignment: EdgeAssignment) => Effect.Effect<void>
) =>
  Effect.gen(function* () {
    const buffer = yield* EdgeBuffer
    const first = yield* Deferred.make<void>()
    const adopt = (assignment: EdgeAssignment) =>
      buffer.adopt(assignment).pipe(
        Effect.tapErrorTag("StoreUnavailable", (error) => Effect.logWarning(error.message)),
        Effect.retry({ while: (error) => error._tag === "StoreUnavailable", schedule: Schedule.spaced("2 seconds") }),
        Effect.zipRight(onAdopted(assignment)),
        Effect.zipRight(Deferred.succeed(first, undefined))
      )
    const following = calls.Assigned().pipe(
      Stream.runForEach(adopt),
      Effect.mapError((error) => (error._tag === "EdgeFolderTaken" ? error : asLinkError(error))),
      Effect.zipRight(Effect.fail(ended("the assignment")))
    )
    const begun = Deferred.await(first).pipe(
      Effect.timeoutFail({ duration: limits.connect, onTimeout: silent("with what to do", limits.connect) })
    )
    return yield* Effect.raceFirst(following, Effect.zipRight(begun, Effect.never))
  })

const report = (calls: EdgeCalls, { limits, version }: EdgeOptions) =>
  Effect.gen(function* () {
    const control = yield* CameraControl
    const deliverer = yield* Deliverer
    const once = Effect.gen(function* () {
      const pages = Chunk.toReadonlyArray(Chunk.chunksOf(Chunk.fromIterable(yield* control.statuses), edgeBatch))
      const backlog = yield* deliverer.backlog
      for (const page of pages.length === 0 ? [Chunk.empty()] : pages) {
        yield* calls.Report({ version, backlog, statuses: Chunk.toReadonlyArray(page) }).pipe(
          Effect.timeoutFail({ duration: limits.reportAnswer, onTimeout: silent("a report", limits.reportAnswer) }),
          // Taken away this moment: the next assignment says so.
          Effect.catchTag("EdgeRefused", (error) => Effect.logDebug(error.message)),
          Effect.mapError(asLinkError)
        )
      }
    })
    return yield* once.pipe(Effect.zipRight(Effect.sleep(limits.report)), Effect.forever)
  })

const obey = (calls: EdgeCalls) =>
  calls.Commands().pipe(
    Stream.mapEffect((command) => Effect.flatMap(runCommand(command), (answer) => calls.Answer({ id: command.id, answer })), {
      concurrency: commandConcurrency,
      unordered: true
    }),
    Stream.runDrain,
    Effect.mapError(asLinkError),
    Effect.zipRight(Effect.fail(ended("its commands")))
  )

/** Erases from this node's disk what the centre wants to be gone, and tells when it is. What it cannot do now it does later. */
const erase = (calls: EdgeCalls, { erasures = [], tenant }: EdgeAssignment) =>
  Effect.gen(function* () {
    const { obey } = yield* ErasureStore
    yield* Effect.forEach(
      erasures,
      (order) =>
        obey(tenant.id, order).pipe(
          Effect.flatMap(carryOut),
          Effect.tapError((error) => Effect.logWarning(`erasure ${order.id} goes on later: ${error.message}`)),
          Effect.retry(Schedule.spaced("5 seconds")),
          Effect.flatMap(({ erased: { events, messages }, id }) => calls.Erased({ id, events, messages }))
        ),
      { discard: true }
    )
  }).pipe(Effect.mapError(asLinkError))

/** One connection, from its beginning to its end. */
const session = (options: EdgeOptions) =>
  Effect.gen(function* () {
    const link = yield* EdgeLink
    const deliverer = yield* Deliverer
    const calls = yield* link.connect
    yield* (yield* EdgeModels).attach(calls)
    const adopted = yield* Deferred.make<void>()
    const assignments = yield* Queue.sliding<EdgeAssignment>(1)
    const onAdopted = (assignment: EdgeAssignment) =>
      options
        .onState({ _tag: "Connected", name: assignment.edge.name, cameras: assignment.cameras.length })
        .pipe(Effect.zipRight(Queue.offer(assignments, assignment)), Effect.zipRight(Deferred.succeed(adopted, undefined)))
    const erasing = Effect.forever(Effect.flatMap(Queue.take(assignments), (assignment) => erase(calls, assignment)))
    // What the logs of the centre know comes first: deliveries and new actors go on from there.
    const afterwards = Effect.zipRight(
      Deferred.await(adopted),
      Effect.all([deliverer.run(calls), report(calls, options), obey(calls), erasing], {
        concurrency: "unbounded",
        discard: true
      })
    )
    return yield* Effect.raceFirst(followAssignment(calls, options, onAdopted), afterwards)
  }).pipe(Effect.scoped)

/** Keeps the link to the centre, for ever: what the cameras do does not depend on it. Fails only where the data folder is another edge's. */
export const runEdge = (options: EdgeOptions) =>
  Effect.suspend(() => {
    const { limits } = options
    let failures = 0
    const again = (began: number, error: EdgeLinkError) =>
      Effect.suspend(() => {
        if (now() - began >= limits.healthyAfter) failures = 0
        failures++
        const least = error.reason === "unauthorized" ? limits.slowRetry : 0
        const after = Math.round(least + delay(limits.backoff, failures, Math.random()))
        return Effect.zipRight(
          options.onState({ _tag: "CutOff", reason: error.reason, detail: error.detail, after }),
          Effect.sleep(after)
        )
      })
    const attempt = Effect.suspend(() => {
      const began = now()
      return Effect.zipRight(options.onState({ _tag: "Connecting" }), session(options)).pipe(
        Effect.catchAllCause((cause) => {
          const error = Cause.squash(cause)
          if (error instanceof EdgeLinkError) return again(began, error)
          if (isFolderTaken(error)) return Effect.fail(error)
          if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
          // A socket that breaks while something is written to it ends as a defect.
          return again(began, new EdgeLinkError({ reason: "unreachable", detail: String(error) }))
        })
      )
    })
    return Effect.forever(attempt)
  })

const isFolderTaken = (error: unknown): error is EdgeFolderTaken =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "EdgeFolderTaken"
