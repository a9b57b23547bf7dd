import { type AccessUnitSink, type OpenSource, type SourceConfig, SourceError, type SourceKind } from "@vigil/core/Source"
import { lacksSecrets, placeholder } from "@vigil/core/AddressSecrets"
import { displayUrl, parseSourceUrl } from "@vigil/core/SourceUrl"
import { Context, Effect, Layer, type Scope } from "effect"
import { MediaWorkers } from "../media/MediaWorkers.js"
import { fileSource } from "./file/FileSource.js"
import { httpMjpegSource } from "./mjpeg/HttpMjpegSource.js"
import { rtspSource } from "./rtsp/RtspSource.js"
import { v4l2Source } from "./v4l2/V4l2Source.js"
import { WhipDoor } from "./whip/WhipDoor.js"
import { whipSource } from "./whip/WhipSource.js"

/** Every kind of source there is: a further one is one folder and one more line. */
const sourceKinds = (workers: MediaWorkers["Type"], door: WhipDoor["Type"]): ReadonlyArray<SourceKind> => [
  rtspSource,
  httpMjpegSource,
  fileSource(workers),
  v4l2Source(workers),
  whipSource(door)
]

type Open = (config: SourceConfig, sink: AccessUnitSink) => Effect.Effect<OpenSource, SourceError, Scope.Scope>

const openOneOf =
  (kinds: ReadonlyArray<SourceKind>): Open =>
  (config, sink) =>
    Effect.gen(function* () {
      const { scheme } = yield* parseSourceUrl(config.url)
      if (lacksSecrets(config.url)) {
        const detail = `The address has ${placeholder} in place of a secret: write the secret itself`
        return yield* new SourceError({ reason: "unauthorized", url: displayUrl(config.url), detail })
      }
      const kind = kinds.find(({ schemes }) => schemes.includes(scheme))
      if (kind !== undefined) return yield* kind.open(config, sink)
      const detail = `Sources of the scheme ${scheme} are not supported`
      return yield* new SourceError({ reason: "unsupported", url: displayUrl(config.url), detail })
    })

/** Opens a source by its URL's scheme. The scope's end closes it. */
export class Sources extends Context.Tag("@vigil/runtime/Sources")<Sources, { readonly open: Open }>() {}

/**
 * Sources of every kind, and further ones of an embedder's own; those come first. Files and capture devices are read by the media workers, publishers come
 * in by the door.
 */
export const layerWith = (own: ReadonlyArray<SourceKind>) =>
  Layer.effect(
    Sources,
    Effect.gen(function* () {
      return { open: openOneOf([...own, ...sourceKinds(yield* MediaWorkers, yield* WhipDoor)]) }
    })
  ).pipe(Layer.provideMerge(WhipDoor.layer))

export const layer = layerWith([])
