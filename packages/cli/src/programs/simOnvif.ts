import { OnvifAuthentication } from "@vigil/fixtures/onvif/OnvifAuthentication"
import { startOnvifCameras } from "@vigil/fixtures/onvif/OnvifCameras"
import { DiscoveryOptions } from "@vigil/fixtures/onvif/WsDiscovery"
import { defaultScene } from "@vigil/fixtures/scene/SceneLibrary"
import { Array, Console, Effect, type Option } from "effect"
import { credentials } from "./simCameras.js"

interface Options {
  readonly count: number
  readonly port: number
  readonly host: string
  readonly auth: Option.Option<string>
  readonly rtsp: ReadonlyArray<string>
  readonly control: number
  readonly hidden: boolean
  readonly json: boolean
}

export const simOnvif = (options: Options) =>
  Effect.gen(function* () {
    const user = yield* credentials(options.auth)
    const { host } = options
    const discovery = DiscoveryOptions.make(host === "0.0.0.0" ? {} : { interface: host })
    const { controlUrl, devices, discoveryPort } = yield* startOnvifCameras({
      count: options.count,
      source: Array.isNonEmptyReadonlyArray(options.rtsp) ? { rtsp: options.rtsp } : { file: yield* defaultScene },
      host,
      port: options.port,
      controlPort: options.control,
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
