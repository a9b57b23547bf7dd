import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { newRecord } from "@vigil/core/CameraRecord"
import { CameraId, defaultTenant, ModelId } from "@vigil/core/Ids"
import type { StreamFacts } from "@vigil/core/ModelSuitability"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { cameraRun } from "@vigil/core/settings/CameraSettings"
import type { SettingValues } from "@vigil/core/settings/SettingValues"
import { monotonicTime } from "@vigil/core/Time"
import { knownAnalytic } from "@vigil/runtime/analytics/Analytics"
import { Motion } from "@vigil/runtime/analytics/Motion"
import { makeRequirementWarnings } from "@vigil/runtime/camera/RequirementWarnings"
import { DateTime, Effect, Either, Logger, LogLevel, Schema } from "effect"
import { describeTiny } from "../material/Models.js"

const runOf = (settings: SettingValues) => {
  const input = Schema.decodeSync(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/live" })
  const record = newRecord(defaultTenant, CameraId.make(crypto.randomUUID()), input, DateTime.unsafeMake(0))
  return cameraRun(Either.getOrThrow(record).camera, [{ level: "tenant", id: defaultTenant, values: settings }])
}

const model: InstalledModel = {
  descriptor: describeTiny(Uint8Array.of(1), { width: 32, height: 32 }, { id: ModelId.make("tiny") }),
  file: "tiny.onnx"
}
const analytics = [knownAnalytic(Motion).descriptor]

describe("the warnings of a camera", () => {
  it.effect("are of its model and of its analytics, each with what it needs, and end with them", () =>
    Effect.gen(function* () {
      const warnings = makeRequirementWarnings()
      let at = 0
      const looking = (run: ReturnType<typeof runOf>, facts: StreamFacts, lookers = { model, analytics }) =>
        Effect.replicateEffect(
          Effect.suspend(() => warnings.look(lookers, run, () => facts, monotonicTime((at += 1000)))),
          16
        )
      const quiet = { height: 480, bitrate: 90_000 }
      yield* looking(runOf({}), quiet)
      expect([warnings.ofModel(), warnings.ofAnalytics()]).toEqual([[], []])

      const strict = runOf({ "analytic.motion.minBitrate": 100_000, "model.tiny.minHeight": 720 })
      yield* looking(strict, quiet)
      expect(warnings.ofModel()).toEqual([{ model: "tiny", requirement: "height", needed: 720, found: 480 }])
      const low = { analytic: "motion", requirement: "bitrate", needed: 100_000, found: 90_000 }
      expect(warnings.ofAnalytics()).toEqual([low])

      yield* looking(strict, { ...quiet, height: 240 })
      expect(warnings.ofAnalytics()).toEqual([{ analytic: "motion", requirement: "height", needed: 360, found: 240 }, low])
      yield* warnings.look({ model, analytics: [] }, strict, () => quiet, monotonicTime(at))
      expect([warnings.ofModel().length, warnings.ofAnalytics().length]).toEqual([1, 0])
      yield* looking(strict, { height: 720, bitrate: 100_000 })
      expect([warnings.ofModel(), warnings.ofAnalytics()]).toEqual([[], []])
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )
})
