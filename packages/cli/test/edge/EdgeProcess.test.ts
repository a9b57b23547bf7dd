import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { EdgeLine } from "@vigil/cli/edge/EdgeText"
import { eventually, isAlive, runningVigil, until, vigil } from "../Vigil.js"
import { addCamera, cut, happen, logOf, mend, startSurroundings, startEdge, untilAssigned, untilDelivered } from "./EdgeSite.js"

const decodeLine = Schema.decodeUnknownSync(Schema.parseJson(EdgeLine))

const events = 1500

describe("vigil edge", () => {
  it.scopedLive(
    "loses and doubles nothing where it is killed while it catches up, and ends in order",
    () =>
      Effect.gen(function* () {
        const { centre, folder, id, origin, token, way } = yield* startSurroundings("shop")
        const camera = yield* addCamera(centre, id)
        const first = yield* startEdge(folder, origin, token)
        yield* untilAssigned(first, camera)
        yield* cut(way)
        const ids = yield* happen(first, camera, events)
        yield* first.stop
        yield* mend(way)
        // Long enough for the whole that nobody is too late who stops it in the middle.
        yield* Effect.sync(() => way.setFaults({ latencyMs: 150 }))

        const tokenFile = join(folder, "token")
        yield* Effect.promise(() => writeFile(tokenFile, `${token}\n`, { mode: 0o600 }))
        const words = ["edge", "--center", origin, "--token-file", tokenFile, "--json"]
        const killed = yield* runningVigil(words, { VIGIL_DATA: folder })
        yield* until("it catches up", logOf(centre, camera.id), ({ length }) => length >= 300)
        killed.process.kill("SIGKILL")
        yield* Effect.promise(() => killed.ended)
        const half = (yield* logOf(centre, camera.id)).length
        expect(half).toBeLessThan(events)
        yield* Effect.sync(() => way.setFaults({}))

        const running = yield* runningVigil(words, { VIGIL_DATA: folder })
        const delivered = yield* untilDelivered(centre, camera, ids)
        expect(delivered.sequences).toEqual(Array.from({ length: events }, (_, index) => index + 1))
        expect(delivered.ids).toEqual(ids)
        running.process.kill("SIGTERM")
        const { code, stdout } = yield* Effect.promise(() => running.ended)
        expect(code).toBe(0)
        const lines = stdout
          .toString()
          .trim()
          .split("\n")
          .map((line) => decodeLine(line))
        expect(lines.map(({ link }) => link)).toContain("connected")
        expect(lines[0]?.backlog.events).toBeGreaterThan(0)
        yield* eventually("it is gone", () => (isAlive(running.process.pid ?? 0) ? undefined : true))
      }),
    400_000
  )

  it.effect("says how it wants to be called, and sends its token nowhere in the clear", () =>
    Effect.gen(function* () {
      const missing = yield* vigil(["edge", "--json"])
      expect(missing.code).toBe(2)
      expect(missing.stderr).toContain("--center https://vigil.example")
      const plain = yield* vigil(["edge", "--center", "http://vigil.example"], { VIGIL_EDGE_TOKEN: "x" })
      expect(plain.code).toBe(2)
      expect(plain.stderr).toContain("--allow-http")
      const secret = yield* vigil(["edge", "--center", "https://user:secret@vigil.example"], { VIGIL_EDGE_TOKEN: "x" })
      expect(secret.code).toBe(2)
      expect(secret.stderr).not.toContain("secret")
    })
  )
})
