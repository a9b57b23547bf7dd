import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { defaultScene } from "@vigil/fixtures/scene/SceneLibrary"
import { Console, Effect, Option } from "effect"
import { UsageError } from "../Output.js"
import { namedUser } from "./NamedUser.js"

interface Options {
  readonly count: number
  readonly file: ReadonlyArray<string>
  readonly port: number
  readonly host: string
  readonly codec: Option.Option<"h264" | "h265" | "mjpeg">
  readonly audio: "none" | "pcmu" | "aac"
  readonly auth: Option.Option<string>
  readonly feedback: Option.Option<"pli" | "fir">
  readonly tls: boolean
  readonly faults: Option.Option<number>
  readonly json: boolean
}

export const simCameras = (options: Options) =>
  Effect.gen(function* () {
    const files = options.file.length > 0 ? options.file : [yield* defaultScene]
    const [first, ...others] = files
    if (first === undefined) return yield* new UsageError({ detail: "there is no file to play" })
    const user = yield* namedUser(options.auth)
    const started = yield* startCameras({
      count: options.count,
      files: [first, ...others],
      host: options.host,
      port: options.port,
      tls: options.tls,
      audio: options.audio,
      ...(user && { authentication: { ...user, scheme: "digest" as const } }),
      ...Option.match(options.codec, { onNone: () => ({}), onSome: (codec) => ({ codec }) }),
      ...Option.match(options.feedback, { onNone: () => ({}), onSome: (feedback) => ({ feedback }) }),
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
