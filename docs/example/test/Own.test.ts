import { expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { Bus } from "@vigil/core/port/Bus"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { switchOffAndOn } from "@vigil/example/Control"
import { layerOwn } from "@vigil/example/Own"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { yard } from "@vigil/fixtures/scene/SceneLibrary"
import { Chunk, Effect, Logger, LogLevel, Schema, Stream } from "effect"
import { execFile } from "node:child_process"
import { readdir, readFile, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import { join } from "node:path"
import { promisify } from "node:util"
import { temporaryFolder } from "./Program.js"

/** Five pictures a second of the yard, in which somebody walks about. */
const picturesOfYard = Effect.gen(function* () {
  const { video } = yield* sceneFile(yard)
  const folder = yield* temporaryFolder
  const cut = ["-v", "error", "-ss", "2", "-t", "10", "-i", video, "-vf", "fps=5", "-q:v", "3", join(folder, "%03d.jpg")]
  return yield* Effect.promise(async () => {
    await promisify(execFile)("ffmpeg", cut)
    const names = await readdir(folder)
    return Promise.all(names.sort().map((name) => readFile(join(folder, name))))
  })
})

/** Answers each request with the picture of the moment; answers its port. */
const snapshotCamera = (pictures: ReadonlyArray<Buffer>) =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly close: () => void }>((resume) => {
      const server = createServer((_, answer) => answer.end(pictures[Math.floor(Date.now() / 200) % pictures.length]))
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ port, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

it.scopedLive(
  "a source, an analytic and a store of one's own work together; cameras are controlled in process",
  () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const { port } = yield* snapshotCamera(yield* picturesOfYard)
      const events = yield* Effect.gen(function* () {
        const { bytes, descriptor } = sceneDetector()
        const file = join(folder, "detector.onnx")
        yield* Effect.promise(() => writeFile(file, bytes))
        yield* (yield* ModelCatalogue).install(yield* Schema.decode(ModelDescriptor)(descriptor), file)
        const messages = yield* (yield* Bus).follow({ from: "now", types: ["event.stored"] })
        const camera = yield* Schema.decode(NewCamera)({
          name: "Yard",
          url: `x-snapshot://127.0.0.1:${port}/picture.jpg`,
          analytics: [{ analytic: "crowd", settings: { count: 1 } }],
          detection: { framesPerSecond: 5, gate: "always" }
        })
        const { id } = yield* (yield* CameraStore).create(defaultTenant, camera)
        const [first] = Chunk.toReadonlyArray(
          yield* messages.pipe(Stream.take(1), Stream.runCollect, Effect.timeout("60 seconds"))
        )
        expect(first?.message).toMatchObject({ cameraId: id, entry: { event: { eventType: "CROWD", confidence: 1 } } })
        const control = yield* CameraControl
        expect((yield* control.status(id)).description).toMatchObject({ protocol: "HTTP snapshots" })
        const picture = yield* switchOffAndOn(id)
        expect([...picture.subarray(0, 2)]).toEqual([0xff, 0xd8])
        expect((yield* control.status(id)).revision).toBe(3)
        return [first?.message.id]
      }).pipe(Effect.scoped, Effect.provide(layerOwn(folder)), Logger.withMinimumLogLevel(LogLevel.Warning))
      const lines = yield* Effect.promise(() => readFile(join(folder, "events.jsonl"), "utf8"))
      for (const event of events) expect(lines).toContain(event)
    }),
  120_000
)
