import { describe, expect, it } from "@effect/vitest"
import { jsonLine } from "@vigil/api/telemetry/Logging"
import { Cause, Effect, Logger, Redacted } from "effect"

const linesOf = (program: Effect.Effect<unknown>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const collect = Logger.map(jsonLine, (line) => lines.push(line))
    return program.pipe(Effect.provide(Logger.replace(Logger.defaultLogger, collect)), Effect.as(lines))
  })

describe("the JSON log", () => {
  it.effect("is one object a line, with annotations, spans and causes", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(
        Effect.logError("went\nwrong", Cause.fail(new Error("because"))).pipe(
          Effect.annotateLogs("camera", "c1"),
          Effect.withLogSpan("open")
        )
      )
      expect(lines).toHaveLength(1)
      expect(lines[0]).not.toContain("\n")
      expect(JSON.parse(lines[0] ?? "")).toMatchObject({
        level: "error",
        message: "went\nwrong",
        camera: "c1",
        cause: expect.stringContaining("because"),
        openMilliseconds: expect.any(Number),
        time: expect.stringMatching(/^\d{4}-.*Z$/)
      })
    })
  )

  it.effect("never shows what is redacted", () =>
    Effect.gen(function* () {
      const secret = Redacted.make("hunter2")
      const [line] = yield* linesOf(
        Effect.logInfo("opened", { credentials: { username: "root", password: secret } }, secret).pipe(
          Effect.annotateLogs("password", secret)
        )
      )
      expect(line).toContain("root")
      expect(line).not.toContain("hunter2")
    })
  )
})
