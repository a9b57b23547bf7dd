import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { street, yard } from "@vigil/fixtures/scene/SceneLibrary"
import { Deferred, Duration, Effect, Schedule } from "effect"
import { descendants, mediaWorkers } from "./process/ProcessTree.js"
import { wallClock } from "./node/NodeProtocol.js"
import { startRuntimeNode } from "./node/RuntimeNode.js"
import { sceneDetectorIn, temporaryFolder, videosOf } from "./Scenes.js"
import { watchActors } from "./soak/ActorWatch.js"
import { makeFaultSwitch } from "./soak/ApplyFault.js"
import { type CameraFault, planFaults, type WorkerFault } from "./soak/FaultPlan.js"
import { watchMachine } from "./soak/MachineWatch.js"
import { watchMemory } from "./soak/MemoryWatch.js"
import { watchRecoveries } from "./soak/Recoveries.js"
import { missedBars, type SoakReport } from "./soak/SoakReport.js"

export interface SoakOptions {
  readonly minutes: number
  readonly cameras: number
  readonly seed: number
  readonly store: "memory" | "postgres"
  /** A file that takes the runtime's log. */
  readonly log: string | undefined
  readonly onProgress: (line: string) => void
}

const detectionsPerSecond = 2
/** All cameras must stream within this time before the faults begin. */
const startLimit = "60 seconds"
const sampleEvery = 250
const otherSize = { ...street, name: "street-small", size: { width: 480, height: 360 } }

/** Runs cameras under random faults, and reports what the runtime made of them. */
export const soak = (options: SoakOptions) =>
  Effect.gen(function* () {
    const { cameras, onProgress } = options
    const seconds = options.minutes * 60
    const plan = planFaults({ cameras, seconds, seed: options.seed })
    onProgress(`${plan.cameras.length} faults of cameras and ${plan.workers.length} of media workers in ${seconds} s`)
    const folder = yield* temporaryFolder
    const scenes = [yard, street] as const
    const files = yield* videosOf(scenes)
    const alternatives = yield* videosOf([otherSize])
    const simulator = yield* spawnCameras({ count: cameras, files, alternatives })
    const model = yield* sceneDetectorIn(folder)

    const actors = watchActors(cameras)
    const streaming = new Set<number>()
    const allStream = yield* Deferred.make<void>()
    const log = yield* Deferred.make<void>()
    const recoveries = watchRecoveries(cameras)
    let overlays = 0
    let pipelines: ReadonlyArray<SoakReport["pipeline"]> = []

    const node = yield* startRuntimeNode({
      log: options.log,
      settings: {
        folder,
        store: options.store,
        models: [model],
        sampleEvery,
        cameras: simulator.urls.map((url, index) => ({
          name: `Camera ${index}`,
          url,
          zones: scenes[index % scenes.length]?.zones ?? [],
          detection: { framesPerSecond: detectionsPerSecond, gate: "always" }
        }))
      },
      onMessage: (message) => {
        switch (message.type) {
          case "overlay": {
            overlays++
            streaming.add(message.camera)
            if (streaming.size === cameras) Deferred.unsafeDone(allStream, Effect.void)
            return recoveries.overlay(message.camera, message.at, message.wallTime)
          }
          case "event":
            return actors.event(message)
          case "sample": {
            pipelines = message.cameras.map(({ pipeline }) => pipeline)
            actors.sample(message.at, message.cameras)
            for (const { camera, state } of message.cameras) recoveries.sample(camera, message.at, state === "Streaming")
            return
          }
          case "log": {
            actors.log(message.entries)
            return Deferred.unsafeDone(log, Effect.void)
          }
          default:
            return
        }
      }
    })
    yield* Deferred.await(allStream).pipe(
      Effect.raceFirst(node.ended),
      Effect.timeoutFail({
        duration: startLimit,
        onTimeout: () => new Error(`only ${streaming.size} of ${cameras} cameras streamed within ${startLimit}`)
      })
    )

    const start = wallClock()
    recoveries.start(start)
    const memory = watchMemory(node.pid)
    const machine = yield* Effect.acquireRelease(Effect.sync(watchMachine), ({ stop }) => Effect.sync(stop))
    const faults = makeFaultSwitch(simulator, node)
    const faulty = new Map<number, number>()
    const elapsed = () => (wallClock() - start) / 1000
    const until = (second: number) => Effect.suspend(() => Effect.sleep(Duration.seconds(Math.max(0, second - elapsed()))))

    const runFault = (fault: CameraFault) =>
      Effect.gen(function* () {
        const { begin, camera, end, kind } = fault
        yield* until(begin)
        faulty.set(camera, Number.POSITIVE_INFINITY)
        if (end > begin) recoveries.begin(camera, kind)
        yield* faults.begin(fault)
        if (end > begin) {
          yield* until(end)
          yield* faults.end(fault)
        }
        recoveries.end(camera, kind, wallClock())
        faulty.set(camera, wallClock())
      })

    const runWorkerFault = ({ begin, choice, kind }: WorkerFault) =>
      Effect.gen(function* () {
        yield* until(begin)
        const workers = mediaWorkers(node.pid)
        const pid = workers[Math.floor(choice * workers.length)]
        if (pid === undefined) return
        process.kill(pid, kind === "worker-kill" ? "SIGKILL" : "SIGSTOP")
        const at = wallClock()
        for (let camera = 0; camera < cameras; camera++) recoveries.end(camera, kind, at)
      })

    const watchSessions = Effect.flatMap(Effect.retry(simulator.cameras, { times: 5 }), (views) =>
      Effect.sync(() => {
        const at = wallClock()
        views.forEach(({ statistics }, camera) => {
          const quiet = at - (faulty.get(camera) ?? start) > 20_000
          actors.sessions(at, camera, quiet ? statistics.sessions : undefined)
        })
      })
    )
    const tellProgress = Effect.sync(() => {
      const { end, max } = memory.total()
      onProgress(
        `${elapsed().toFixed(0)} s: ${overlays} overlays, ${actors.events()} events, ${end.toFixed(0)} MB (most ${max.toFixed(0)}), ` +
          `${mediaWorkers(node.pid).length} media workers, ${recoveries.outages().length} outages, ${actors.broken().length} broken`
      )
    })

    yield* Effect.all(
      [
        Effect.forEach(plan.cameras, runFault, { concurrency: "unbounded", discard: true }),
        Effect.forEach(plan.workers, runWorkerFault, { concurrency: "unbounded", discard: true }),
        until(seconds)
      ],
      { concurrency: "unbounded", discard: true }
    ).pipe(
      Effect.raceFirst(
        Effect.sync(() => memory.sample(wallClock())).pipe(
          Effect.repeat(Schedule.fixed("1 second")),
          Effect.zipRight(Effect.never)
        )
      ),
      Effect.raceFirst(watchSessions.pipe(Effect.repeat(Schedule.spaced("2 seconds")), Effect.zipRight(Effect.never))),
      Effect.raceFirst(tellProgress.pipe(Effect.repeat(Schedule.fixed("10 seconds")), Effect.zipRight(Effect.never))),
      Effect.raceFirst(node.ended)
    )
    node.send({ type: "log" })
    yield* Deferred.await(log).pipe(Effect.raceFirst(node.ended), Effect.timeout("20 seconds"))

    const sum = (pick: (pipeline: SoakReport["pipeline"]) => number) =>
      pipelines.reduce((total, pipeline) => total + pick(pipeline), 0)
    const report: Omit<SoakReport, "broken"> = {
      name: "soak",
      cameras,
      seconds,
      seed: options.seed,
      store: options.store,
      recoveries: recoveries.figures(),
      outages: recoveries.outages(),
      memory: { total: memory.total(), processes: memory.figures() },
      machine: machine.figures(),
      mediaWorkersStarted: memory.workersSeen(),
      overlays,
      events: actors.events(),
      pipeline: {
        framesDecoded: sum(({ framesDecoded }) => framesDecoded),
        framesDropped: sum(({ framesDropped }) => framesDropped),
        framesSkipped: sum(({ framesSkipped }) => framesSkipped),
        inferences: sum(({ inferences }) => inferences),
        inferencesDropped: sum(({ inferencesDropped }) => inferencesDropped)
      }
    }
    return { ...report, broken: [...actors.broken(), ...missedBars(report)] }
  }).pipe(
    Effect.scoped,
    Effect.map((report: SoakReport): SoakReport => {
      const left = descendants(process.pid)
      return left.length === 0
        ? report
        : { ...report, broken: [...report.broken, `processes were left behind: ${left.join(", ")}`] }
    })
  )
