import { describe, expect, it } from "@effect/vitest"
import { layerVideoJobQueueMemory, makeVideoJobQueueMemory } from "@vigil/core/memory/VideoJobQueueMemory"
import { layerVideoJobResultsMemory } from "@vigil/core/memory/VideoJobResultsMemory"
import { Effect, Layer } from "effect"
import { anyModel, jobOf, terms } from "../material/VideoJobs.js"
import { conformanceSettings, videoJobConformance } from "./VideoJobConformance.js"

videoJobConformance("in process", Layer.merge(layerVideoJobQueueMemory(conformanceSettings), layerVideoJobResultsMemory))

describe("VideoJobQueueMemory", () => {
  it.effect("drops the oldest jobs that nobody took when there are too many, or too many bytes", () =>
    Effect.gen(function* () {
      const queue = makeVideoJobQueueMemory({ jobs: 4, bytes: 1000 })
      const model = anyModel()
      const depth = Effect.map(queue.depth, (all) => all.reduce((sum, { waiting }) => sum + waiting, 0))
      for (let sequence = 0; sequence < 10; sequence++) yield* queue.publish(jobOf({ models: [model], sequence }), terms)
      expect(yield* depth).toBe(4)
      yield* queue.publish(jobOf({ models: [model], sequence: 10, segment: new Uint8Array(990) }), terms)
      expect(yield* depth).toBe(3)
      const { take } = yield* queue.consume({ model })
      expect((yield* take).job.segmentSequence).toBe(8)
    }).pipe(Effect.scoped)
  )
})
