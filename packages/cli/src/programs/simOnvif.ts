import { OnvifAuthentication } from "@vigil/fixtures/onvif/OnvifAuthentication"
import { startOnvifCameras } from "@vigil/fixtures/onvif/OnvifCameras"
import { DiscoveryOptions } from "@vigil/fixtures/onvif/WsDiscovery"
import { defaultScene } from "@vigil/fixtures/scene/SceneLibrary"
import { Array, Console, Effect, Option } from "effect"
import { namedUser } from "./NamedUser.js"

interface Options {
  readonly count: number
  readonly file: Option.Option<string>
  readonly rtsp: ReadonlyArray<string>
  readonly host: string
  readonly port: number
  readonly rtspPort: number
  readonly controlPort: number
  readonly auth: Option.Option<string>
  readonly hidden: boolean
  readonly discoveryPort: Option.Option<number>
  readonly json: boolean
}

const sourceOf = ({ file, rtsp }: Options) =>
  Array.isNonEmptyReadonlyArray(rtsp)
    ? Effect.succeed({ rtsp })
    : Effect.map(Option.match(file, { onNone: () => defaultScene, onSome: Effect.succeed }), (named) => ({ file: named }))

export const simOnvif = (options: Options) =>
  Effect.gen(function* () {
    const user = yield* namedUser(options.auth)
    const { count, host } = options
    const discovery = DiscoveryOptions.make({
      ...(host !== "0.0.0.0" && { interface: host }),
      ...Option.match(options.discoveryPort, { onNone: () => ({}), onSome: (port) => ({ port }) })
    })
    const { controlUrl, devices, discoveryPort } = yield* startOnvifCameras({
      count,
      source: yield* sourceOf(options),
      host,
      port: options.port,
      rtspPort: options.rtspPort,
      controlPort: options.controlPort,
      discovery: options.hidden ? null : discovery,
      ...(user && { authentication: OnvifAuthentication.make(user) })
    })
    const urls = devices.map(({ url }) => url)
    if (options.json) yield* Console.log(JSON.stringify({ urls, controlUrl, discoveryPort }))
    else {
      yield* Console.log(urls.join("\n"))
      yield* Console.log(`control: ${controlUrl}`)
      yield* Console.log("Ctrl-C ends them.")
    }
    return yield* Effect.never
  }).pipe(Effect.scoped)
