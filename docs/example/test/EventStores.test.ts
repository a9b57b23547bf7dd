import { expect, it } from "@effect/vitest"
import { layerLineEventStore } from "@vigil/example/LineEventStore"
import { defaultTenant } from "@vigil/core/Ids"
import { EventStore } from "@vigil/core/port/EventStore"
import { Effect, Layer } from "effect"
import { appendFile, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { eventStoreConformance } from "../../../packages/api/test/conformance/EventStoreConformance.js"
import { anyCameraId, entry } from "../../../packages/api/test/Samples.js"

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-lines-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

eventStoreConformance(
  "lines of a file",
  Layer.unwrapScoped(Effect.map(temporaryFolder, (folder) => layerLineEventStore(join(folder, "events"))))
)

it.scopedLive("lines of a file are there after a restart, also where the last one was cut off", () =>
  Effect.gen(function* () {
    const file = join(yield* temporaryFolder, "events")
    const cameraId = anyCameraId()
    const [first, second, third] = [entry(cameraId, 1), entry(cameraId, 2, { epoch: 2 }), entry(cameraId, 3, { epoch: 2 })]
    const opened = <A, E>(use: (store: typeof EventStore.Service) => Effect.Effect<A, E>) =>
      Effect.provide(Effect.flatMap(EventStore, use), layerLineEventStore(file))

    const changed = yield* opened((store) =>
      Effect.gen(function* () {
        yield* store.append(cameraId, [first, second])
        yield* store.markPublished(cameraId, 1)
        yield* Effect.flip(store.append(cameraId, [entry(cameraId, 3, { epoch: 1 })]))
        return yield* store.change(defaultTenant, first.event.eventId, { status: "RESOLVED" })
      })
    )
    yield* Effect.promise(() => appendFile(file, '{"_tag":"Append","cameraId":"0'))
    for (const expected of [
      [changed, second],
      [changed, second, third]
    ]) {
      yield* opened((store) =>
        Effect.gen(function* () {
          expect(yield* store.progress(cameraId)).toEqual({ stored: expected.length, published: 1 })
          expect(yield* store.after(cameraId, 0, 10)).toEqual(expected)
          yield* store.append(cameraId, [third])
        })
      )
    }
  })
)
