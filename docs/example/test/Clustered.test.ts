import { describe, expect, it } from "@effect/vitest"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { runProgram, temporaryFolder, untilAlone, untilPrinted } from "./Program.js"

const eventsIn = (printed: string) => printed.match(/^\d+: event of .*$/gm) ?? []
const statusesIn = (printed: string) => printed.match(/(?<= is Streaming on )\w+$/gm) ?? []

describe.skipIf(!hasNatsServer || !hasPostgres)("Clustered.ts [needs nats-server and PostgreSQL]", () => {
  it.scopedLive(
    "two of them are one cluster: both see the camera, and Ctrl-C gives it to the other",
    () =>
      Effect.gen(function* () {
        const [nats, postgres, { video }] = yield* Effect.all([startNatsServer(), startPostgresServer, sceneFile(street)], {
          concurrency: "unbounded"
        })
        const { cameras, urls } = yield* startCameras({ files: [video] })
        const shared = {
          VIGIL_NATS_URL: nats.url,
          VIGIL_DATABASE_URL: postgres.url,
          VIGIL_KEY: randomBytes(32).toString("base64")
        }
        const south = yield* runProgram("Clustered", yield* temporaryFolder, { ...shared, NODE: "south" })
        const north = yield* runProgram("Clustered", yield* temporaryFolder, {
          ...shared,
          NODE: "north",
          CAMERA_URL: urls[0] ?? ""
        })
        const [, camera = ""] = yield* untilPrinted(south, /^\d+: event of (\S+)$/m)
        yield* untilPrinted(north, new RegExp(`^\\d+: event of ${camera}$`, "m"))
        // It may have begun on the node that was there first.
        const host = statusesIn(north.printed()).at(-1)
        expect(statusesIn(south.printed()).at(-1)).toBe(host)
        const [ending, staying, other] = host === "north" ? [north, south, "south"] : [south, north, "north"]

        expect(yield* ending.end).toBe(0)
        expect(yield* ending.processes).toEqual([])
        const before = staying.printed().length
        yield* untilPrinted(staying, new RegExp(`^${camera} is Streaming on ${other}$`, "m"))
        yield* untilPrinted(staying, new RegExp(`^\\d+: event of ${camera}$`, "m"), before)
        const positions = eventsIn(staying.printed())
        expect(new Set(positions).size).toBe(positions.length)

        expect(yield* staying.end).toBe(0)
        expect(yield* staying.processes).toEqual([])
        yield* untilAlone(cameras)
      }),
    120_000
  )
})
