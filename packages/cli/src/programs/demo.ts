import { CameraControl } from "@vigil/core/port/CameraControl"
import { Console, type Duration, Effect, Fiber, Option, Ref } from "effect"
import { join } from "node:path"
import { configureCameras, installDetector, simulateCameras } from "../demo/DemoCameras.js"
import { DemoSummary, followLatency, summarise, summaryText } from "../demo/DemoSummary.js"
import { readyDataFolder } from "../Installation.js"
import { load } from "../Load.js"
import { printJson } from "../Output.js"

interface Options {
  readonly json: boolean
  readonly limit: Option.Option<Duration.Duration>
}

/** Said where the scenes have to be drawn first, which takes a minute or two. */
const patience = Console.error("The cameras' scenes are being drawn; they are kept for the next start.").pipe(
  Effect.delay("4 seconds")
)

const untilLimit = (limit: Option.Option<Duration.Duration>) =>
  Option.match(limit, { onNone: () => Effect.never, onSome: Effect.sleep })

/** Cameras in the node as soon as the simulator is ready, and in the end what they have done. */
const show = <E, R>(simulator: Effect.Effect<ReadonlyArray<string>, E, R>, options: Options) =>
  Effect.gen(function* () {
    yield* installDetector
    const urls = yield* Effect.raceFirst(simulator, Effect.zipRight(patience, Effect.never))
    const cameras = yield* configureCameras(urls)
    const samples = yield* followLatency(cameras.map(({ id }) => id))
    yield* Console.error(`${cameras.length} cameras are simulated.`)
    yield* untilLimit(options.limit)
    const { statuses } = yield* CameraControl
    const summary = summarise(yield* statuses, yield* Ref.get(samples))
    yield* options.json ? printJson(DemoSummary)(summary) : Console.log(summaryText(summary))
  }).pipe(Effect.scoped)

/**
 * The simulator starts while the node is loaded and started, and outlives it, so that the last thing cameras see is an orderly end. The
 * page answers before the cameras are there.
 */
export const demo = (options: Options) =>
  Effect.gen(function* () {
    const folder = join(yield* readyDataFolder, "demo")
    yield* Console.error("Starting the demonstration.")
    const simulator = yield* Effect.forkScoped(simulateCameras)
    const { announce } = yield* load(() => import("../Announcement.js"), Effect.succeed)
    const DemoNode = yield* load(() => import("../demo/DemoNode.js"), Effect.succeed)
    yield* Effect.zipRight(announce(options), show(Fiber.join(simulator), options)).pipe(Effect.provide(DemoNode.layer(folder)))
  }).pipe(Effect.scoped)
