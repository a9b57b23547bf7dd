import { Data, Effect, Schedule, Schema, type Scope } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdir, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"

/** Janus is not there, does not start, or answers with an error. */
export class JanusFailed extends Data.TaggedError("JanusFailed")<{ readonly detail: string }> {
  override get message() {
    return `Janus: ${this.detail}`
  }
}

/** A running Janus WebRTC server with one streaming mountpoint per camera, numbered from 1. */
export interface Janus {
  /** Lets a viewer watch a mountpoint: `answer` gets Janus' offer. The view ends with the scope. */
  readonly watch: <E>(
    mountpoint: number,
    answer: (offer: string) => Effect.Effect<string, E>
  ) => Effect.Effect<void, E | JanusFailed, Scope.Scope>
}

const freePort = Effect.async<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address ? address.port : 0)))
  })
})

const plugins = [
  "audiobridge",
  "duktape",
  "echotest",
  "lua",
  "nosip",
  "recordplay",
  "sip",
  "textroom",
  "videocall",
  "videoroom",
  "voicemail"
]
const transports = ["mqtt", "nanomsg", "pfunix", "rabbitmq", "websockets"]
const libraries = (names: ReadonlyArray<string>) => names.map((name) => `libjanus_${name}.so`).join(",")

/** Chromium takes no offer of the cameras' own profile (High), but plays it under this name. */
const playable = 'videopt = 96, videocodec = "h264", videofmtp = "packetization-mode=1;profile-level-id=42e01f"'

const writeConfiguration = (folder: string, port: number, urls: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    await mkdir(folder, { recursive: true })
    await writeFile(
      join(folder, "janus.jcfg"),
      `general: { configs_folder = "${folder}", log_to_stdout = true, debug_level = 3 }
nat: { nice_debug = false, full_trickle = false, ice_lite = false }
plugins: { disable = "${libraries(plugins)}" }
transports: { disable = "${libraries(transports)}" }
events: { broadcast = false }
`
    )
    await writeFile(
      join(folder, "janus.transport.http.jcfg"),
      `general: { json = "compact", base_path = "/janus", http = true, port = ${port}, ip = "127.0.0.1", https = false }
admin: { admin_http = false, admin_https = false }
`
    )
    const mountpoints = urls.map(
      (url, index) =>
        `camera-${index + 1}: { type = "rtsp", id = ${index + 1}, audio = false, video = true, url = "${url}", rtspiface = "127.0.0.1", ${playable} }`
    )
    await writeFile(join(folder, "janus.plugin.streaming.jcfg"), `general: {}\n${mountpoints.join("\n")}\n`)
  })

const Reply = Schema.Struct({
  janus: Schema.String,
  data: Schema.optional(Schema.Struct({ id: Schema.Number })),
  plugindata: Schema.optional(Schema.Struct({ data: Schema.Struct({ error: Schema.optional(Schema.String) }) })),
  jsep: Schema.optional(Schema.Struct({ type: Schema.String, sdp: Schema.String })),
  error: Schema.optional(Schema.Struct({ reason: Schema.String }))
})

const call = (address: string, body: unknown) =>
  Effect.tryPromise({
    try: async (signal) => {
      const post = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
      const response = await fetch(address, { ...post, signal: AbortSignal.any([signal, AbortSignal.timeout(35_000)]) })
      return response.json()
    },
    catch: (error) => new JanusFailed({ detail: `${address}: ${String(error)}` })
  }).pipe(
    Effect.flatMap(Schema.decodeUnknown(Reply)),
    Effect.catchTag("ParseError", (error) => new JanusFailed({ detail: error.message })),
    Effect.filterOrFail(
      ({ error, plugindata }) => error === undefined && plugindata?.data.error === undefined,
      ({ error, plugindata }) => new JanusFailed({ detail: error?.reason ?? plugindata?.data.error ?? "it refuses" })
    )
  )

/** Starts Janus with the cameras as RTSP mountpoints; it ends with the scope. */
export const startJanus = (folder: string, urls: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    if (spawnSync("janus", ["--version"], { stdio: "ignore" }).error !== undefined) {
      return yield* new JanusFailed({ detail: "it is not installed; as root: apt-get install --no-install-recommends janus" })
    }
    const port = yield* freePort
    yield* writeConfiguration(folder, port, urls)
    let output = ""
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn("janus", ["-F", folder, "--disable-colors"], { stdio: ["ignore", "pipe", "pipe"] })),
      (running) =>
        Effect.async<void>((resume) => {
          if (running.exitCode !== null || running.signalCode !== null) return resume(Effect.void)
          running.once("exit", () => resume(Effect.void))
          running.kill("SIGKILL")
        })
    )
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4000)
      })
    }
    const address = `http://127.0.0.1:${port}/janus`
    const ask = (path: string, body: Record<string, unknown>) => call(`${address}${path}`, { ...body, transaction: randomUUID() })
    yield* call(`${address}/info`, undefined).pipe(
      Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 100 }),
      Effect.mapError((error) => new JanusFailed({ detail: `it does not answer (${error.detail}): ${output.trim()}` }))
    )

    const watch: Janus["watch"] = (mountpoint, answer) =>
      Effect.gen(function* () {
        const session = `/${(yield* ask("", { janus: "create" })).data?.id}`
        const handle = `${session}/${(yield* ask(session, { janus: "attach", plugin: "janus.plugin.streaming" })).data?.id}`
        yield* ask(handle, { janus: "message", body: { request: "watch", id: mountpoint } })
        const offer = yield* call(`${address}${session}`, undefined).pipe(
          Effect.repeat({ until: ({ jsep }) => jsep !== undefined, times: 10 }),
          Effect.map(({ jsep }) => jsep?.sdp ?? "")
        )
        const sdp = yield* answer(offer)
        yield* ask(handle, { janus: "message", body: { request: "start" }, jsep: { type: "answer", sdp } })
        // Janus ends a session that nobody polls for a minute.
        yield* call(`${address}${session}`, undefined).pipe(Effect.forever, Effect.forkScoped)
      })
    return { watch } satisfies Janus
  })
