import { Command, Options } from "@effect/cli"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { defaultScene } from "@vigil/fixtures/scene/SceneLibrary"
import { Console, Effect, Option, Redacted } from "effect"
import { json, UsageError } from "../Output.js"

const authentication = (text: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isNone(text)) return {}
    const colon = text.value.indexOf(":")
    if (colon < 1) return yield* new UsageError({ detail: "--auth takes a user name and a password: --auth user:pass" })
    const password = Redacted.make(text.value.slice(colon + 1))
    return { authentication: { username: text.value.slice(0, colon), password, scheme: "digest" as const } }
  })

const cameras = Command.make(
  "cameras",
  {
    count: Options.integer("count").pipe(Options.withDefault(1), Options.withDescription("How many cameras.")),
    file: Options.file("file", { exists: "yes" }).pipe(
      Options.atLeast(0),
      Options.withDescription("A video file to play in a loop; a rendered street scene by default. May be given several times.")
    ),
    port: Options.integer("port").pipe(Options.withDefault(8554), Options.withDescription("TCP port; 0 takes any free one.")),
    host: Options.text("host").pipe(Options.withDefault("127.0.0.1"), Options.withDescription("Address to listen on.")),
    codec: Options.choice("codec", ["h264", "h265", "mjpeg"]).pipe(
      Options.optional,
      Options.withDescription("Transcode files that have another codec.")
    ),
    audio: Options.choice("audio", ["none", "pcmu", "aac"]).pipe(
      Options.withDefault("none"),
      Options.withDescription("A tone beside the video.")
    ),
    auth: Options.text("auth").pipe(Options.optional, Options.withDescription("user:pass that cameras ask for (Digest).")),
    tls: Options.boolean("tls").pipe(Options.withDescription("RTSPS with a fresh self-signed certificate.")),
    faults: Options.integer("faults-port").pipe(
      Options.optional,
      Options.withDescription("HTTP port that switches faults on and off: PUT /cameras/1/faults")
    ),
    json
  },
  (options) =>
    Effect.gen(function* () {
      const files = options.file.length > 0 ? options.file : [yield* defaultScene]
      const [first, ...others] = files
      if (first === undefined) return yield* new UsageError({ detail: "there is no file to play" })
      const started = yield* startCameras({
        count: options.count,
        files: [first, ...others],
        host: options.host,
        port: options.port,
        tls: options.tls,
        audio: options.audio,
        ...(yield* authentication(options.auth)),
        ...Option.match(options.codec, { onNone: () => ({}), onSome: (codec) => ({ codec }) }),
        ...Option.match(options.faults, { onNone: () => ({}), onSome: (faultsPort) => ({ faultsPort }) })
      })
      const { faultsUrl, fingerprint, urls } = started
      if (options.json) yield* Console.log(JSON.stringify({ urls, faultsUrl, fingerprint }))
      else {
        yield* Console.log(urls.join("\n"))
        if (faultsUrl !== undefined) yield* Console.log(`faults: ${faultsUrl}`)
        if (fingerprint !== undefined) yield* Console.log(`certificate: SHA-256 ${fingerprint}`)
        yield* Console.log("Ctrl-C ends them.")
      }
      return yield* Effect.never
    }).pipe(Effect.scoped)
).pipe(Command.withDescription("RTSP cameras that play files."))

export const simCommand = Command.make("sim").pipe(
  Command.withDescription("Simulated devices for trying and testing."),
  Command.withSubcommands([cameras])
)
