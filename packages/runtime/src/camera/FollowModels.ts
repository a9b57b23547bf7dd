import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { Duration, Effect, Layer, Schedule, Stream } from "effect"
import { makeRounds } from "../Rounds.js"
import { type CameraActor, CameraActors } from "./CameraActors.js"

/** How soon a camera notices a model of the installation that was installed, replaced or removed meanwhile. */
const interval = Duration.seconds(10)

/** Parts that cameras look in: thousands must not all look at once. */
const turns = 20

/** Actors that are brought to changed models of tenants at a time. */
const concurrency = 16

const follow = ({ followModels }: CameraActor) => followModels

/** Has the cameras of this node follow their detectors: at once when models of tenants change, else every now and then. */
export const layer: Layer.Layer<never, never, ModelLibrary | CameraActors> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const library = yield* ModelLibrary
    const actors = yield* CameraActors
    const next = makeRounds(() => actors.values(), turns)
    yield* library.changes.pipe(
      Stream.runForEach(() => Effect.forEach([...actors.values()], follow, { concurrency, discard: true })),
      Effect.forkScoped
    )
    yield* Effect.suspend(() => Effect.forEach(next(), follow, { discard: true })).pipe(
      Effect.schedule(Schedule.spaced(Duration.unsafeDivide(interval, turns))),
      Effect.forkScoped
    )
  })
)
