import { type OpenSource, type SourceConfig, type AccessUnitSink, SourceError, type SourceKind } from "@vigil/core/Source"
import { Context, Effect, Layer, type Scope } from "effect"
import { MediaWorkers } from "../media/MediaWorkers.js"

/** Opens sources of every kind that this program knows. */
export class Sources extends Context.Tag("@vigil/runtime/Sources")<Sources, {
  readonly open: (config: SourceConfig, sink: AccessUnitSink) => Effect.Effect<OpenSource, SourceError, Scope.Scope>
}>() {}

/** Every kind of source: a new one is one file and one line here. */
const kinds = (_workers: MediaWorkers["Type"]): ReadonlyArray<SourceKind> => []

const schemeOf = (url: string) => /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()

const make = (known: ReadonlyArray<SourceKind>) => {
  const byScheme = new Map<string, SourceKind>(known.flatMap((kind) => kind.schemes.map((scheme) => [scheme, kind] as const)))
  return Sources.of({
    open: (config, sink) => {
      const kind = byScheme.get(schemeOf(config.url) ?? "")
      if (kind !== undefined) return kind.open(config, sink)
      const detail = `the address must begin with one of ${[...byScheme.keys()].map((scheme) => `${scheme}://`).join(", ")}`
      return new SourceError({ reason: "invalid-url", url: config.url, detail })
    }
  })
}

export const layer = Layer.effect(Sources, Effect.map(MediaWorkers, (workers) => make(kinds(workers))))
