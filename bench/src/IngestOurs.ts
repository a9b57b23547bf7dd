import { sourceConfig } from "@vigil/core/Source"
import { rtspSource } from "@vigil/runtime/source/rtsp/RtspSource"
import { Effect } from "effect"

/** What the process of the `ingest` benchmark that runs our client is told. */
export interface IngestRequest {
  readonly urls: ReadonlyArray<string>
}

/** Asked for with any further message: what all sources have delivered so far. */
export interface IngestCount {
  readonly accessUnits: number
  readonly damaged: number
}

const run = (request: IngestRequest): Promise<void> => {
  let accessUnits = 0
  let damaged = 0
  const open = (url: string) =>
    Effect.flatMap(
      rtspSource.open(sourceConfig(url, { transport: "tcp" }), (unit) => {
        accessUnits++
        if (unit.damaged) damaged++
      }),
      ({ ended }) => ended
    )
  process.on("message", () => process.send?.({ accessUnits, damaged } satisfies IngestCount))
  return Effect.runPromise(Effect.scoped(Effect.forEach(request.urls, open, { concurrency: "unbounded", discard: true })))
}

process.once("message", (request: IngestRequest) => {
  run(request).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
})
