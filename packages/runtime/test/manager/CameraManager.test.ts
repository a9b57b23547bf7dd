import { describe, expect, it } from "@effect/vitest"
import type { BusMessage } from "@vigil/core/BusMessage"
import { NewCamera } from "@vigil/core/Camera"
import { defaultSupervisionPolicy } from "@vigil/core/CameraSupervision"
import { ManagerId } from "@vigil/core/CameraManager"
import { defaultTenant, Epoch } from "@vigil/core/Ids"
import { makeBusMemory } from "@vigil/core/memory/BusMemory"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerRuntimeTableMemory } from "@vigil/core/memory/RuntimeTableMemory"
import { NodeName } from "@vigil/core/Node"
import { Bus, BusUnavailable } from "@vigil/core/port/Bus"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { wallTime } from "@vigil/core/Time"
import { CameraActors } from "@vigil/runtime/camera/CameraActors"
import * as EmbeddedCluster from "@vigil/runtime/cluster/EmbeddedCluster"
import { CameraManager } from "@vigil/runtime/manager/CameraManager"
import * as CameraManagerLive from "@vigil/runtime/manager/CameraManagerLive"
import { Effect, Layer, Logger, LogLevel, Schedule, Schema } from "effect"
import { play, type Played, refused, streaming } from "../material/PlayedActor.js"

/** A bus that a test may take away. */
const scriptedBus = () => {
  const bus = makeBusMemory()
  const messages: Array<BusMessage> = []
  const script = { away: false, messages }
  const layer = Layer.succeed(
    Bus,
    Bus.of({
      ...bus,
      publish: (message) =>
        Effect.suspend(() => {
          if (script.away) return new BusUnavailable({ operation: "publish", detail: "as scripted" })
          messages.push(message)
          return bus.publish(message)
        })
    })
  )
  return { script, layer }
}

/** The table in memory, counted, and away when a test says so. */
const scriptedTable = () => {
  const script = { away: false, beats: 0, rows: 0 }
  const layer = Layer.effect(
    RuntimeTable,
    Effect.map(RuntimeTable, (table) =>
      RuntimeTable.of({
        ...table,
        report: (manager, changed) =>
          Effect.suspend(() => {
            if (script.away) return new StoreUnavailable({ operation: "report", detail: "as scripted" })
            script.beats++
            script.rows += changed.length
            return table.report(manager, changed)
          })
      })
    )
  ).pipe(Layer.provide(layerRuntimeTableMemory))
  return { script, layer }
}

const quick = {
  lookEvery: 10,
  beatEvery: 60,
  announceEvery: 200,
  reactsWithin: 100,
  policy: {
    alertAfter: 3,
    healthyAfter: 150,
    pause: { ...defaultSupervisionPolicy.pause, base: 40, floor: 20, cap: 200 }
  }
}

/** `healthyAfter`: long where a test is to see an error before it is forgotten, however busy the machine is. */
const site = (healthyAfter = quick.policy.healthyAfter) => {
  const bus = scriptedBus()
  const table = scriptedTable()
  const layer = CameraManagerLive.layerWith({ ...quick, policy: { ...quick.policy, healthyAfter } }).pipe(
    Layer.provide(EmbeddedCluster.layer),
    Layer.provideMerge(Layer.mergeAll(bus.layer, table.layer, CameraActors.layer)),
    Layer.provideMerge(layerCameraStoreMemory),
    Layer.provide(Logger.minimumLogLevel(LogLevel.None))
  )
  return { bus: bus.script, table: table.script, layer }
}

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("60 seconds")
  )

const add = Effect.gen(function* () {
  const camera = yield* (yield* CameraStore).create(
    defaultTenant,
    yield* Schema.decode(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/live" })
  )
  const played = play(camera)
  ;(yield* CameraActors).set(camera.id, played.actor)
  return played
})

const rowsOf = (played: Played) =>
  Effect.gen(function* () {
    const { rows } = yield* (yield* RuntimeTable).list(defaultTenant)
    return rows.filter(({ cameraId }) => cameraId === played.actor.id)
  })

/** Waits until the camera's row is as expected. */
const rowIs = (played: Played, expected: Record<string, unknown>) =>
  Effect.gen(function* () {
    let row: unknown
    yield* rowsOf(played).pipe(
      Effect.tap(([first]) => {
        row = first
      }),
      Effect.repeat({
        until: ([first]) => {
          const found = new Map(Object.entries(first ?? {}))
          return Object.entries(expected).every(([key, value]) => found.get(key) === value)
        },
        schedule: Schedule.spaced("10 millis")
      }),
      Effect.timeoutOption("60 seconds")
    )
    expect(row).toMatchObject(expected)
  })

const errorsOf = (messages: ReadonlyArray<BusMessage>) =>
  messages.flatMap((message) => (message.type === "worker.error" ? [{ ...message }] : []))

describe("CameraManager", { timeout: 120_000 }, () => {
  it.scopedLive("restarts a camera that always fails with pauses, alerts once, and notices when it runs again", () => {
    const { bus, layer } = site()
    return Effect.gen(function* () {
      const played = yield* add
      let failures = 0
      // Like an actor: whoever restarts it, it fails again.
      const failing = setInterval(() => {
        played.state = refused(++failures)
      }, 15)
      yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(failing)))
      yield* until(() => played.summary?.alert === true)
      expect(played.restarts).toBe(quick.policy.alertAfter - 1)
      expect(played.summary).toMatchObject({ health: "unhealthy", errorCount: 3 })
      expect(played.summary?.lastError).toMatch(/^unreachable: attempt/)
      yield* rowIs(played, { workerStatus: "error", healthStatus: "unhealthy", errorCount: 3, alert: true })
      const { status } = yield* CameraManager
      expect(status()).toMatchObject({ workers: 1, alerts: 1 })
      yield* Effect.sleep("300 millis")
      expect(played.restarts).toBe(quick.policy.alertAfter - 1)
      yield* until(() => errorsOf(bus.messages).some(({ alert }) => alert))
      const told = errorsOf(bus.messages)
      expect(told.filter(({ alert }) => alert)).toHaveLength(1)
      expect(told.at(-1)).toMatchObject({ alert: true, errorCount: 3, cameraId: played.actor.id, tenantId: defaultTenant })
      clearInterval(failing)
      played.state = streaming
      yield* rowIs(played, { workerStatus: "running", healthStatus: "healthy", errorCount: 0, lastError: null, alert: false })
      yield* until(() => errorsOf(bus.messages).at(-1)?.errorCount === 0)
      expect(played.summary).toMatchObject({ health: "healthy", errorCount: 0, alert: false })
      expect(status()).toMatchObject({ alerts: 0 })
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("does not try again what only a person can mend, until somebody changes the camera", () => {
    const { layer } = site()
    return Effect.gen(function* () {
      const played = yield* add
      played.state = refused(1, "Failed")
      yield* rowIs(played, { errorCount: 1, alert: true, lastError: "unauthorized: attempt 1" })
      yield* Effect.sleep("200 millis")
      expect(played.restarts).toBe(0)
      played.revision = 2
      played.state = { _tag: "Connecting", since: wallTime(0), failures: 0 }
      yield* rowIs(played, { workerStatus: "starting", errorCount: 0, alert: false, lastError: null })
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("counts media workers that die and actors that hang, and leaves a camera alone that came back", () => {
    const { layer } = site(2_000)
    return Effect.gen(function* () {
      const [dying, hanging] = [yield* add, yield* add]
      yield* until(() => dying.summary?.health === "healthy")
      dying.mediaRestarts = 1
      yield* until(() => dying.summary?.errorCount === 1)
      expect(dying.summary?.lastError).toContain("media worker")
      hanging.hung = true
      yield* until(() => dying.summary?.health === "healthy" && hanging.summary?.alert === true)
      expect(dying.restarts).toBe(0)
      expect(hanging.summary?.lastError).toContain("does not react")
      expect(hanging.restarts).toBe(2)
      hanging.hung = false
      yield* until(() => hanging.summary?.health === "healthy")
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("writes a row when it changes, and else beats once for all of them", () => {
    const { layer, table } = site()
    return Effect.gen(function* () {
      const all = yield* Effect.replicateEffect(add, 50)
      const [first, second] = all
      if (first === undefined || second === undefined) return yield* Effect.die("no cameras")
      yield* until(() => all.every(({ summary }) => summary?.health === "healthy"))
      yield* until(() => table.rows >= 50)
      yield* Effect.sleep("100 millis")
      const { beats, rows } = table
      const before = yield* rowsOf(first)
      yield* until(() => table.beats >= beats + 3)
      expect(table.rows).toBe(rows)
      expect((yield* rowsOf(first))[0]?.lastHeartbeat.epochMillis).toBeGreaterThan(
        before[0]?.lastHeartbeat.epochMillis ?? Number.POSITIVE_INFINITY
      )
      second.state = { _tag: "Stalled", since: wallTime(0) }
      yield* rowIs(second, { workerStatus: "running", healthStatus: "degraded" })
      expect(table.rows).toBe(rows + 1)
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive(
    "tells the bus of each camera at most once in its interval, and the table when the picture rate changed much",
    () => {
      const { bus, layer } = site()
      return Effect.gen(function* () {
        const played = yield* add
        yield* until(() => bus.messages.filter(({ type }) => type === "worker.heartbeat").length >= 3)
        const beats = bus.messages.flatMap((message) => (message.type === "worker.heartbeat" ? [message] : []))
        expect(beats[0]).toMatchObject({ cameraId: played.actor.id, status: "running", healthInfo: { fps: 15 } })
        const times = beats.map(({ timestamp }) => timestamp.epochMillis)
        for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(150)
        expect(new Set(beats.map(({ id }) => id)).size).toBe(beats.length)
        played.fps = 4.26
        yield* until(() =>
          bus.messages.some((message) => message.type === "worker.heartbeat" && message.healthInfo["fps"] === 4.3)
        )
        yield* rowsOf(played).pipe(
          Effect.repeat({ until: ([row]) => row?.healthInfo["fps"] === 4.3, schedule: Schedule.spaced("10 millis") }),
          Effect.timeout("60 seconds")
        )
      }).pipe(Effect.provide(layer))
    }
  )

  it.scopedLive("keeps errors for the bus while it is away, and rows for the table", () => {
    const { bus, layer, table } = site()
    return Effect.gen(function* () {
      const played = yield* add
      yield* rowIs(played, { workerStatus: "running" })
      bus.away = true
      table.away = true
      played.state = refused(1, "Failed")
      yield* until(() => played.summary?.alert === true)
      yield* Effect.sleep("150 millis")
      expect(errorsOf(bus.messages)).toEqual([])
      bus.away = false
      table.away = false
      yield* rowIs(played, { alert: true })
      yield* until(() => errorsOf(bus.messages).length > 0)
      yield* Effect.sleep("100 millis")
      expect(errorsOf(bus.messages)).toMatchObject([{ alert: true, errorCount: 1 }])
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("counts it as an error when another actor took over, and goes on counting when the camera comes back", () => {
    const { layer } = site(60_000)
    return Effect.gen(function* () {
      const actors = yield* CameraActors
      const played = yield* add
      yield* rowIs(played, { workerStatus: "running", epoch: 1 })
      const camera = yield* (yield* CameraStore).get(defaultTenant, played.actor.id)
      played.fence(2)
      actors.delete(camera.id)
      yield* rowIs(played, { workerStatus: "stopped", healthStatus: "unknown" })
      const again = play(camera, 3)
      actors.set(camera.id, again.actor)
      yield* rowIs(again, { epoch: 3, errorCount: 1 })
      expect(again.summary?.lastError).toContain("runs elsewhere")
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("ends an actor whose row is refused because a newer one has written", () => {
    const { layer } = site()
    return Effect.gen(function* () {
      const [old, own] = [yield* add, yield* add]
      yield* rowIs(old, { workerStatus: "running", epoch: 1 })
      const [row] = yield* rowsOf(old)
      if (row === undefined) return yield* Effect.die("no row")
      const other = { id: ManagerId.make(crypto.randomUUID()), cluster: "vigil", node: NodeName.make("node-b") }
      yield* (yield* RuntimeTable).report(other, [{ ...row, epoch: Epoch.make(2), podName: "node-b" }])
      expect(old.retired).toBe(false)
      old.state = refused(1)
      yield* until(() => old.retired)
      expect(own.retired).toBe(false)
      yield* rowIs(old, { podName: "node-b", epoch: 2, workerStatus: "running" })
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("leaves rows that say so when its node ends", () =>
    Effect.gen(function* () {
      const cameras = Layer.succeedContext(yield* Layer.build(layerCameraStoreMemory))
      const table = Layer.succeedContext(yield* Layer.build(Layer.provide(layerRuntimeTableMemory, cameras)))
      const manager = CameraManagerLive.layerWith(quick).pipe(
        Layer.provide(Layer.merge(EmbeddedCluster.layer, scriptedBus().layer)),
        Layer.provideMerge(CameraActors.layer),
        Layer.provide(Logger.minimumLogLevel(LogLevel.None))
      )
      const ran = Effect.gen(function* () {
        const played = yield* add
        yield* rowIs(played, { workerStatus: "running" })
        return played
      })
      const played = yield* ran.pipe(Effect.provide(manager), Effect.provide(Layer.merge(cameras, table)))
      const [row] = yield* Effect.provide(rowsOf(played), table)
      expect(row).toMatchObject({ workerStatus: "stopped", healthStatus: "unknown" })
    })
  )
})
