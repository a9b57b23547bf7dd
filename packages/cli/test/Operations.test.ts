import { describe, expect, layer } from "@effect/vitest"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Context, Effect, Fiber, Layer, Redacted, Schedule, Schema } from "effect"
import { existsSync, readdirSync } from "node:fs"
import { chmod, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import {
  type Called,
  eventually,
  firstLine,
  processTree,
  argumentsOf,
  runningVigil,
  temporaryFolder,
  vigil,
  vigilJson
} from "./Vigil.js"

const cameraPassword = "geheim-geheim-1"
const userPassword = "correct horse battery"

/** A running `vigil up` with nothing in it yet, and simulated cameras that ask for a password. */
class Site extends Context.Tag("test/Site")<
  Site,
  {
    readonly folder: string
    readonly url: string
    readonly pid: number
    readonly cameras: ReadonlyArray<string>
    /** Files that hold passwords. */
    readonly secrets: { readonly camera: string; readonly user: string }
    readonly log: () => string
    readonly call: (...args: ReadonlyArray<string>) => Effect.Effect<Called>
    readonly json: (...args: ReadonlyArray<string>) => Effect.Effect<unknown>
  }
>() {}

const layerSite = Layer.scoped(
  Site,
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const { video } = yield* sceneFile(street)
    const simulator = yield* spawnCameras({
      files: [video],
      count: 2,
      authentication: { username: "user", password: Redacted.make(cameraPassword), scheme: "digest" }
    })
    const secrets = { camera: join(folder, "camera-password"), user: join(folder, "user-password") }
    yield* Effect.promise(() => writeFile(secrets.camera, `${cameraPassword}\n`))
    yield* Effect.promise(() => writeFile(secrets.user, `${userPassword}\n`))
    const environment = { VIGIL_DATA: join(folder, "data") }
    const server = yield* runningVigil(["up", "--json"], environment)
    const { url } = (yield* firstLine(server)) as { readonly url: string }
    return {
      folder: environment.VIGIL_DATA,
      url,
      pid: server.process.pid ?? 0,
      cameras: simulator.urls,
      secrets,
      log: () => server.printed().stderr,
      call: (...args) => vigil(args, environment),
      json: (...args) => vigilJson(args, environment)
    }
  })
)

const withCredentials = (file: string) => ["--username", "user", "--password-file", file]

describe("operators' commands", () => {
  layer(layerSite, { timeout: 120_000, excludeTestServices: true })((it) => {
    it.effect("writes the operator's token for its own user only", () =>
      Effect.gen(function* () {
        const { folder, url } = yield* Site
        const file = join(folder, "operator.json")
        expect((yield* Effect.promise(() => stat(file))).mode & 0o777).toBe(0o600)
        expect(JSON.parse(yield* Effect.promise(() => readFile(file, "utf8")))).toMatchObject({ url })
      })
    )

    it.effect("looks at a camera before it adds it", () =>
      Effect.gen(function* () {
        const { call, cameras, json, secrets } = yield* Site
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
      })
    )

    it.effect("shows and changes cameras by name and by id", () =>
      Effect.gen(function* () {
        const { call, folder, json } = yield* Site
        const zones = join(folder, "zones.json")
        const polygon = [
          { x: 0, y: 0 },
          { x: 1, y: 0 },
          { x: 1, y: 1 }
        ]
        yield* Effect.promise(() => writeFile(zones, JSON.stringify({ zones: [{ name: "Yard", polygon }] })))
        const before = (yield* json("camera", "show", "front")) as { readonly id: string; readonly revision: number }
        expect(
          yield* json("camera", "edit", before.id.slice(0, 8), "--fps", "3", "--zones", zones, "--analytics", "motion,intrusion")
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
        expect(yield* json("camera", "enable", "Back door")).toMatchObject([{ name: "Back door", enabled: true }])
        const ambiguous = yield* call("camera", "show", "")
        expect(ambiguous.code).toBe(1)
        expect(ambiguous.stderr).toMatch(/may mean .*Back door.*Front door/)
      })
    )

    it.effect("tells how cameras are, and gives their pictures", () =>
      Effect.gen(function* () {
        const { call, folder, json } = yield* Site
        let statuses: unknown
        for (let looks = 0; looks < 60; looks++) {
          statuses = yield* json("camera", "status")
          if (JSON.stringify(statuses).split('"Streaming"').length === 3) break
        }
        expect(statuses).toMatchObject([{ state: { _tag: "Streaming" } }, { state: { _tag: "Streaming" } }])
        const text = yield* call("camera", "status", "front")
        expect(text.stdout.toString()).toMatch(/^CAMERA +STATE[^]*\nFront door +streaming +[\d.]+ +\d+ +0\.00 %/)

        let workers: unknown
        for (let looks = 0; looks < 60; looks++) {
          workers = yield* json("camera", "runtime")
          if (JSON.stringify(workers).split('"healthy"').length === 3) break
        }
        const worker = { pod_name: "localhost", worker_status: "running", health_status: "healthy", error_count: 0, alert: false }
        expect(workers).toMatchObject([
          { name: "Back door", runtime: worker },
          { name: "Front door", runtime: worker }
        ])
        expect((yield* call("camera", "list")).stdout.toString()).toMatch(/Front door +\S+ +yes +healthy +rtsp:/)

        const printed = yield* call("camera", "snapshot", "front")
        expect(printed.code).toBe(0)
        expect([...printed.stdout.subarray(0, 3), ...printed.stdout.subarray(-2)]).toEqual([0xff, 0xd8, 0xff, 0xff, 0xd9])
        const file = join(folder, "front.jpg")
        expect(yield* json("camera", "snapshot", "front", "--output", file)).toMatchObject({ file })
        expect((yield* Effect.promise(() => readFile(file))).subarray(0, 2)).toEqual(Buffer.of(0xff, 0xd8))
        expect(yield* json("camera", "restart", "front")).toMatchObject([{ name: "Front door" }])
        expect(yield* json("status")).toMatchObject({
          version: "0.1.0",
          components: expect.arrayContaining(
            ["database", "camera manager", "bus"].map((component): unknown =>
              expect.objectContaining({ component, status: "pass" })
            )
          ) as unknown
        })
      })
    )

    it.effect("goes on telling, a line of JSON for each change, where there is no terminal", () =>
      Effect.gen(function* () {
        const { folder } = yield* Site
        const watching = yield* runningVigil(["camera", "status", "--watch"], { VIGIL_DATA: folder })
        const lines = yield* eventually("three lines", () => {
          const complete = watching.printed().stdout.split("\n").slice(0, -1)
          return complete.length >= 3 ? complete : undefined
        })
        for (const line of lines) expect(JSON.parse(line)).toHaveProperty("state._tag")
      }).pipe(Effect.scoped)
    )

    it.effect(
      "lists, watches and settles events",
      () =>
        Effect.gen(function* () {
          const { call, json } = yield* Site
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
      240_000
    )

    it.effect("shows and steers the cluster, also one of one node", () =>
      Effect.gen(function* () {
        const { call, json } = yield* Site
        // What a node carries is told a moment after it changes.
        const settled = Schema.is(Schema.Struct({ cameras: Schema.Struct({ running: Schema.Literal(2) }) }))
        const status = yield* Effect.repeat(json("cluster", "status"), { until: settled, schedule: Schedule.recurs(20) })
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
      })
    )

    it.effect("keeps users", () =>
      Effect.gen(function* () {
        const { call, json, secrets } = yield* Site
        const file = ["--password-file", secrets.user]
        expect(yield* json("user", "add", "anna", "--role", "admin", ...file)).toMatchObject({ username: "anna", role: "admin" })
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
      })
    )

    it.effect("lets a user of another machine in with a session's token only", () =>
      Effect.gen(function* () {
        const { folder, url } = yield* Site
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
        const wrong = yield* vigil(elsewhere, { VIGIL_TOKEN: "made-up", VIGIL_DATA: folder })
        expect(wrong.code).toBe(1)
        expect(wrong.stderr).toMatch(/^vigil: .* does not accept VIGIL_TOKEN.*\n$/)
        expect((yield* vigil(elsewhere)).code).toBe(2)
      })
    )

    it.effect("removes a camera", () =>
      Effect.gen(function* () {
        const { call, json } = yield* Site
        expect((yield* call("camera", "remove", "back")).stdout.toString()).toBe("Back door is removed.\n")
        expect(yield* json("camera", "list")).toMatchObject([{ name: "Front door" }])
        expect((yield* call("camera", "remove", "back")).code).toBe(1)
      })
    )

    it.effect("has no secret in its log, its arguments or its processes' arguments", () =>
      Effect.gen(function* () {
        const { folder, log, pid } = yield* Site
        const { token } = JSON.parse(yield* Effect.promise(() => readFile(join(folder, "operator.json"), "utf8")))
        const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
        const tree = processTree(pid, all)
        expect(tree.length).toBeGreaterThan(3)
        const told = [log(), ...tree.map(argumentsOf)].join("\n")
        expect(told).toContain("camera is Streaming")
        for (const secret of [cameraPassword, userPassword, token]) expect(told).not.toContain(secret)
      })
    )
  })
})

describe("without a server", () => {
  layer(Layer.empty, { excludeTestServices: true })((it) => {
    it.scoped("says what to do, also where a killed one has left its file", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const sentence = `vigil: no Vigil is running with the data folder ${folder}: start it with \`vigil up\`\n`
        expect(yield* vigil(["camera", "list", "--data", folder])).toMatchObject({ code: 1, stderr: sentence })
        const file = join(folder, "operator.json")
        yield* Effect.promise(() => writeFile(file, JSON.stringify({ url: "http://127.0.0.1:1", token: "x", version: "0" })))
        yield* Effect.promise(() => chmod(file, 0o600))
        const called = yield* vigil(["status", "--json"], { VIGIL_DATA: folder })
        expect({ ...called, stdout: called.stdout.toString() }).toEqual({ code: 1, stderr: sentence, stdout: "" })
      })
    )

    it.effect("calls that are wrong end with 2 and say why in one line", () =>
      Effect.gen(function* () {
        const calls: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
          [["camera", "list", "--nonsense"], /--nonsense/],
          [["nonsense"], /there is no command `vigil nonsense`/],
          [["camera", "nonsense"], /there is no command `vigil camera nonsense`/],
          [["camera", "add", "Only a name"], /<source>/],
          [["camera", "edit"], /<camera>/],
          [["event", "list", "--since", "yesterday"], /--since/],
          [["demo", "--for", "ever"], /--for/],
          [["user", "add", "anna", "--role", "king"], /admin, supervisor/],
          [["camera", "list", "--url", "vigil.example"], /--url/]
        ]
        for (const [args, why] of calls) {
          const { code, stderr, stdout } = yield* vigil(args, { VIGIL_DATA: "/nonexistent" })
          expect(code, args.join(" ")).toBe(2)
          expect(stderr.trim(), args.join(" ")).toMatch(why)
          expect(stderr.trim().split("\n"), stderr).toHaveLength(1)
          expect(stdout.toString()).toBe("")
        }
        expect(yield* vigil(["up"], { VIGIL_PORT: "many" })).toMatchObject({
          code: 2,
          stderr: expect.stringMatching(/^vigil: VIGIL_PORT: /)
        })
      })
    )

    it.effect("explains every command, without colours where there is no terminal", () =>
      Effect.gen(function* () {
        expect((yield* vigil(["--version"])).stdout.toString()).toBe("0.1.0\n")
        const overview = (yield* vigil(["--help"])).stdout.toString()
        const groups = [...overview.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = ""]) => name)
        expect(groups).toEqual(expect.arrayContaining(["demo", "up", "status", "camera", "event", "user", "doctor"]))
        for (const group of ["camera", "event", "demo"]) {
          const { code, stdout } = yield* vigil([group, "--help"])
          expect(code).toBe(0)
          expect(stdout.toString()).toMatch(new RegExp(`^Usage: vigil ${group} ?`))
          // oxlint-disable-next-line no-control-regex -- looks for escape sequences
          expect(stdout.toString()).not.toMatch(/\u001B/)
        }
        expect((yield* vigil(["camera", "add", "--help"])).stdout.toString()).toMatch(/--password-file file +A file that holds/)
        expect((yield* vigil(["--completions", "bash"])).stdout.toString()).toMatch(/vigil__camera,add\)/)
      })
    )

    it.scoped("the doctor finds what is wrong", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const sound = (yield* vigilJson(["doctor", "--data", folder])) as ReadonlyArray<{
          readonly check: string
          readonly status: string
        }>
        expect(sound.filter(({ status }) => status === "fail")).toEqual([])
        expect(sound.find(({ check }) => check === "decoder")).toMatchObject({ status: "pass" })
        expect(sound.find(({ check }) => check === "inference")).toMatchObject({ status: "pass" })
        const file = join(folder, "no-folder")
        yield* Effect.promise(() => writeFile(file, ""))
        const broken = yield* vigil(["doctor", "--data", join(file, "data")], {
          VIGIL_DATABASE_URL: "postgres://x:geheim@127.0.0.1:1/x"
        })
        expect(broken.code).toBe(1)
        expect(broken.stdout.toString()).toMatch(/^fail +database +VIGIL_DATABASE_URL: .*ECONNREFUSED/m)
        expect(broken.stdout.toString()).toMatch(/^fail +data folder/m)
        expect(broken.stdout.toString() + broken.stderr).not.toContain("geheim")
        expect(existsSync(join(folder, "models"))).toBe(false)
      })
    )
  })
})
