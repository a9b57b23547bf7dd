import { type AccessUnitSink, type OpenSource, type SourceConfig, SourceError, type SourceKind } from "@vigil/core/Source"
import { Effect, type Scope } from "effect"
import { rtspSource } from "./rtsp/RtspSource.js"
import { displayUrl, parseSourceUrl } from "./SourceUrl.js"

/** Every kind of source there is. A further one is one more line. */
export const sourceKinds: ReadonlyArray<SourceKind> = [rtspSource]

/** Opens a source by its URL's scheme. The scope's end closes it. */
export const openSource = (config: SourceConfig, sink: AccessUnitSink): Effect.Effect<OpenSource, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const { scheme } = yield* parseSourceUrl(config.url)
    const kind = sourceKinds.find(({ schemes }) => schemes.includes(scheme))
    if (kind !== undefined) return yield* kind.open(config, sink)
    return yield* new SourceError({
      reason: "unsupported",
      url: displayUrl(config.url),
      detail: `Sources of the scheme ${scheme} are not supported`
    })
  })
