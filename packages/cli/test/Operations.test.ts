import { describe, expect, layer } from "@effect/vitest"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Context, Effect, Fiber, Layer, Redacted, Schedule, Schema } from "effect"
import { readdirSync } from "node:fs"
import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { type Site, startWholeSite } from "./Site.js"
import { argumentsOf, eventually, processTree, runningVigil, until, vigil, vigilProcess } from "./Vigil.js"

const cameraPassword = "geheim-geheim-1"
const userPassword = "correct horse battery"

/** A running `vigil up`, simulated cameras that ask for a password, and files that hold passwords. */
class Operated extends Context.Tag("test/Operated")<
  Operated,
  Context.Tag.Service<typeof Site> & {
    readonly cameras: ReadonlyArray<string>
    readonly secrets: { readonly camera: string; readonly user: string }
  }
>() {
  static readonly layer = Layer.scoped(
    Operated,
    Effect.gen(function* () {
      const { video } = yield* sceneFile(street)
      const authentication = { username: "user", password: Redacted.make(cameraPassword), scheme: "digest" } as const
      const { urls } = yield* spawnCameras({ files: [video], count: 2, authentication })
      const site = yield* startWholeSite()
      const secrets = {
        camera: yield* site.file("camera-password", `${cameraPassword}\n`),
        user: yield* site.file("user-password", `${userPassword}\n`)
      }
      return { ...site, cameras: urls, secrets }
    })
  )
}

const tellsTwice = (word: string) => (told: unknown) => JSON.stringify(told).split(`"${word}"`).length === 3

/** Milliseconds for a test. Each calls several commands, and machines may be slow. */
const limit = 400_000

const withCredentials = (file: string) => ["--username", "user", "--password-file", file]

describe("operators' commands", () => {
  layer(Operated.layer, { timeout: 300_000, excludeTestServices: true })((it) => {
    it.effect(
      "writes the operator's token for its own user only",
      () =>
        Effect.gen(function* () {
          const { data, url } = yield* Operated
          const file = join(data, "operator.json")
          expect((yield* Effect.promise(() => stat(file))).mode & 0o777).toBe(0o600)
          expect(JSON.parse(yield* Effect.promise(() => readFile(file, "utf8")))).toMatchObject({ url })
        }),
      limit
    )

    it.effect(
      "looks at a camera before it adds it",
      () =>
        Effect.gen(function* () {
          const { call, cameras, json, secrets } = yield* Operated
          const [first = "", second = ""] = cameras
          const refused = yield* call("camera", "add", "Front door", first)
          expect(refused.code).toBe(1)
          expect(refused.stderr).toMatch(/user name and password.*--no-probe/)
          expect(yield* json("camera", "list")).toEqual([])

          const added = yield* call("camera", "add", "Front door", first, ...withCredentials(secrets.camera))
          expect(added.code).toBe(0)
          expect(added.stdout.toString()).toMatch(/h264.*640x480[^]*Front door is added/)
          const blind = yield* json(
            "camera",
            "add",
            "Back door",
            second,
            "--no-probe",
            "--disabled",
            ...withCredentials(secrets.camera)
          )
          expect(blind).toMatchObject({ name: "Back door", enabled: false, hasCredentials: true })
          expect(blind).not.toHaveProperty("probe")
          expect(yield* json("camera", "list")).toMatchObject([{ name: "Back door" }, { name: "Front door", url: first }])
        }),
      limit
    )

    it.effect(
      "shows and changes cameras by name and by id",
      () =>
        Effect.gen(function* () {
          const { call, file, json } = yield* Operated
          const polygon = [
            { x: 0, y: 0 },
            { x: 1, y: 0 },
            { x: 1, y: 1 }
          ]
          const zones = yield* file("zones.json", JSON.stringify({ zones: [{ name: "Yard", polygon }] }))
          const before = (yield* json("camera", "show", "front")) as { readonly id: string; readonly revision: number }
          expect(
            yield* json(
              "camera",
              "edit",
              before.id.slice(0, 8),
              "--fps",
              "3",
              "--zones",
              zones,
              "--analytics",
              "motion,intrusion"
            )
          ).toMatchObject({
            name: "Front door",
            revision: before.revision + 1,
            detection: { framesPerSecond: 3, gate: "motion" },
            zones: [{ name: "Yard" }],
            analytics: [{ analytic: "motion" }, { analytic: "intrusion" }],
            hasCredentials: true
          })
          const moved = yield* call("camera", "edit", "front door", "--transport", "udp", "--location", "left")
          expect(moved.stdout.toString()).toMatch(/RTSP\/UDP[^]*Front door is changed/)
          expect((yield* call("camera", "show", "front door")).stdout.toString()).toMatch(/zones +Yard[^]*location +left/)
          yield* until("the camera tells why nothing looks for objects", call("camera", "show", "front door"), ({ stdout }) =>
            / {2}trouble +no detector: .*`vigil models list`/.test(stdout.toString())
          )
          expect(yield* json("camera", "enable", "Back door")).toMatchObject([{ name: "Back door", enabled: true }])
          const ambiguous = yield* call("camera", "show", "")
          expect(ambiguous.code).toBe(1)
          expect(ambiguous.stderr).toMatch(/may mean .*Back door.*Front door/)
        }),
      limit
    )

    it.effect(
      "tells how cameras are, and gives their pictures",
      () =>
        Effect.gen(function* () {
          const { call, data, folder, json } = yield* Operated
          const statuses = yield* until("both stream", json("camera", "status"), tellsTwice("Streaming"))
          expect(statuses).toMatchObject([{ state: { _tag: "Streaming" } }, { state: { _tag: "Streaming" } }])
          const figures = /^CAMERA +STATE[^]*\nFront door +streaming +[\d.]+ +\d+ +0\.00 %/
          yield* until("the figures of one", call("camera", "status", "front"), ({ stdout }) => figures.test(stdout.toString()))

          const workers = yield* until("both are healthy", json("camera", "runtime"), tellsTwice("healthy"))
          const worker = {
            pod_name: "localhost",
            worker_status: "running",
            health_status: "healthy",
            error_count: 0,
            alert: false
          }
          expect(workers).toMatchObject([
            { name: "Back door", runtime: worker },
            { name: "Front door", runtime: worker }
          ])
          expect((yield* call("camera", "list")).stdout.toString()).toMatch(/Front door +\S+ +yes +healthy +rtsp:/)

          const printed = yield* vigilProcess(["camera", "snapshot", "front"], { VIGIL_DATA: data })
          expect(printed.code).toBe(0)
          expect([...printed.stdout.subarray(0, 3), ...printed.stdout.subarray(-2)]).toEqual([0xff, 0xd8, 0xff, 0xff, 0xd9])
          const file = join(folder, "front.jpg")
          expect(yield* json("camera", "snapshot", "front", "--output", file)).toMatchObject({ file })
          expect((yield* Effect.promise(() => readFile(file))).subarray(0, 2)).toEqual(Buffer.of(0xff, 0xd8))
          expect(yield* json("camera", "restart", "front")).toMatchObject([{ name: "Front door" }])
          const passes = Schema.is(Schema.Struct({ component: Schema.String, status: Schema.Literal("pass") }))
          const isWell = Schema.is(Schema.Struct({ version: Schema.Literal("0.1.0"), components: Schema.Array(Schema.Unknown) }))
          yield* until(
            "all is well",
            json("status"),
            (told) =>
              isWell(told) &&
              ["database", "camera manager", "bus"].every((name) =>
                told.components.some((part) => passes(part) && part.component === name)
              )
          )
        }),
      limit
    )

    it.effect(
      "goes on telling, a line of JSON for each change, where there is no terminal",
      () =>
        Effect.gen(function* () {
          const { data } = yield* Operated
          const watching = yield* runningVigil(["camera", "status", "--watch"], { VIGIL_DATA: data })
          const lines = yield* eventually("three lines", () => {
            const complete = watching.printed().stdout.split("\n").slice(0, -1)
            return complete.length >= 3 ? complete : undefined
          })
          for (const line of lines) expect(JSON.parse(line)).toHaveProperty("state._tag")
        }).pipe(Effect.scoped),
      limit
    )

    it.effect(
      "lists, watches and settles events",
      () =>
        Effect.gen(function* () {
          const { call, json } = yield* Operated
          const watching = yield* Effect.fork(call("event", "watch", "--type", "MOTION", "--limit", "1", "--json"))
          // A camera that begins anew finds that cars move anew.
          const beginAnew = Effect.zipRight(call("camera", "disable", "front"), call("camera", "enable", "front"))
          yield* Effect.fork(Effect.repeat(Effect.delay(beginAnew, "2 seconds"), Schedule.spaced("15 seconds")))
          const watched = yield* Fiber.join(watching)
          const { event, position } = JSON.parse(watched.stdout.toString()) as {
            readonly event: { readonly eventId: string }
            readonly position: number
          }
          expect(event).toMatchObject({ eventType: "MOTION", status: "NEW" })
          const again = yield* json("event", "watch", "--from", String(position), "--limit", "1")
          expect(again).toMatchObject({ position, event: { eventId: event.eventId } })
          const listed = yield* json("event", "list", "--type", "MOTION", "--since", "5m", "--limit", "500")
          expect(JSON.stringify(listed)).toContain(event.eventId)
          expect(yield* json("event", "list", "--until", "2020-01-01")).toEqual([])
          expect(yield* json("event", "acknowledge", event.eventId)).toMatchObject([{ event: { status: "ACKNOWLEDGED" } }])
          expect(yield* json("event", "list", "--status", "ACKNOWLEDGED")).toMatchObject([{ event: { eventId: event.eventId } }])
          expect((yield* call("event", "false-positive", event.eventId)).code).toBe(0)
          expect(yield* json("event", "show", event.eventId)).toMatchObject({ event: { status: "FALSE_POSITIVE" } })
          expect((yield* call("event", "show", crypto.randomUUID())).code).toBe(1)
        }),
      400_000
    )

    it.effect(
      "shows and steers the cluster, also one of one node",
      () =>
        Effect.gen(function* () {
          const { call, json } = yield* Operated
          // What a node carries is told a moment after it changes.
          const settled = Schema.is(Schema.Struct({ cameras: Schema.Struct({ running: Schema.Literal(2) }) }))
          const status = yield* until("both cameras count", json("cluster", "status"), settled)
          expect(status).toMatchObject({
            nodes: [{ state: "up", roles: ["camera", "api"], load: { cameras: 2 } }],
            shards: { total: 64, assigned: 64 },
            cameras: { desired: 2, running: 2, unplaced: [] }
          })
          const { stdout } = yield* call("cluster", "status")
          expect(stdout.toString()).toContain("2 of 2 cameras run, 64 of 64 shards are held")
          expect(stdout.toString()).toMatch(/^NODE +STATE +ROLES +CAMERAS +CPU +MEMORY +SHARDS +VERSION +LABELS$/m)
          expect(yield* json("cluster", "rebalance")).toEqual({ cameras: 0 })
          const drained = yield* call("cluster", "drain", "localhost")
          expect(drained.code).toBe(1)
          expect(drained.stderr).toContain("there is no other node to take its cameras")
          expect((yield* call("cluster", "resume", "localhost")).stdout.toString()).toContain("localhost takes cameras again")
          expect(yield* call("cluster", "drain", "elsewhere")).toMatchObject({ code: 1 })
          expect(yield* call("cluster", "drain", "No Name")).toMatchObject({ code: 2 })
        }),
      limit
    )

    it.effect(
      "keeps users",
      () =>
        Effect.gen(function* () {
          const { call, json, secrets } = yield* Operated
          const file = ["--password-file", secrets.user]
          expect(yield* json("user", "add", "anna", "--role", "admin", ...file)).toMatchObject({
            username: "anna",
            role: "admin"
          })
          expect((yield* call("user", "add", "anna", "--role", "viewer", ...file)).code).toBe(1)
          expect(yield* json("user", "add", "bert", "--role", "viewer", ...file)).toMatchObject({ role: "viewer" })
          expect(yield* json("user", "role", "bert", "--role", "operator")).toMatchObject({ role: "operator" })
          expect((yield* call("user", "password", "bert", ...file)).code).toBe(0)
          const invited = yield* call("user", "add", "cleo", "--role", "viewer", "--email", "cleo@example.org", "--invite")
          expect(invited).toMatchObject({ code: 1, stderr: expect.stringContaining("no mail server") })
          expect(yield* json("user", "disable", "bert")).toMatchObject({ disabled: true })
          expect(yield* json("user", "list")).toMatchObject([{ disabled: false }, { username: "bert", disabled: true }])
          expect(yield* json("user", "enable", "bert")).toMatchObject({ disabled: false })
          expect(yield* call("user", "disable", "anna")).toMatchObject({
            code: 1,
            stderr: expect.stringContaining("last administrator")
          })
          expect((yield* call("user", "remove", "bert")).code).toBe(0)
          expect(yield* json("user", "list")).toMatchObject([{ username: "anna" }])
          const silent = yield* call("user", "add", "carl", "--role", "viewer")
          expect(silent).toMatchObject({ code: 2 })
          expect(silent.stderr).toContain("--password-file")
        }),
      limit
    )

    it.effect(
      "lets a user of another machine in with a session's token only",
      () =>
        Effect.gen(function* () {
          const { data, url } = yield* Operated
          const elsewhere = ["camera", "list", "--url", url, "--json"]
          const session = yield* Effect.promise(() =>
            fetch(`${url}/api/v1/session`, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify({ username: "anna", password: userPassword })
            })
          )
          const token = /=([^;]+)/.exec(session.headers.getSetCookie()[0] ?? "")?.[1] ?? ""
          expect(JSON.parse((yield* vigil(elsewhere, { VIGIL_TOKEN: token })).stdout.toString())).toHaveLength(2)
          const wrong = yield* vigil(elsewhere, { VIGIL_TOKEN: "made-up", VIGIL_DATA: data })
          expect(wrong.code).toBe(1)
          expect(wrong.stderr).toMatch(/^vigil: .* does not accept VIGIL_TOKEN.*\n$/)
          expect((yield* vigil(elsewhere)).code).toBe(2)
        }),
      limit
    )

    it.effect(
      "removes a camera",
      () =>
        Effect.gen(function* () {
          const { call, json } = yield* Operated
          expect((yield* call("camera", "remove", "back")).stdout.toString()).toBe("Back door is removed.\n")
          expect(yield* json("camera", "list")).toMatchObject([{ name: "Front door" }])
          expect((yield* call("camera", "remove", "back")).code).toBe(1)
        }),
      limit
    )

    it.effect(
      "has no secret in its log, its arguments or its processes' arguments",
      () =>
        Effect.gen(function* () {
          const { pid, printed, token } = yield* Operated
          const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
          const tree = processTree(pid, all)
          expect(tree.length).toBeGreaterThan(3)
          const told = [printed().stderr, ...tree.map(argumentsOf)].join("\n")
          expect(told).toContain("camera is Streaming")
          for (const secret of [cameraPassword, userPassword, token]) expect(told).not.toContain(secret)
        }),
      limit
    )
  })
})
