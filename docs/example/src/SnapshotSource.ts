import { emptyStatistics, SourceError, type SourceKind } from "@vigil/core/Source"
import { displayUrl } from "@vigil/core/SourceUrl"
import { mediaTime, wallTime } from "@vigil/core/Time"
import { now } from "@vigil/runtime/MonotonicClock"
import { Effect, Fiber, Schedule } from "effect"

/** Milliseconds that one picture may take, and bytes that it may have. */
const patience = 3000
const largest = 8 * 1024 * 1024

const fetchPicture = (address: string) =>
  Effect.tryPromise({
    try: async (signal) => {
      const answer = await fetch(address, { signal })
      if (!answer.ok) throw new Error(`the camera answers with ${answer.status}`)
      const body: AsyncIterable<Uint8Array> | null = answer.body
      const parts: Array<Uint8Array> = []
      let size = 0
      for await (const part of body ?? []) {
        size += part.length
        if (size > largest) throw new Error(`the picture is larger than ${largest} bytes`)
        parts.push(part)
      }
      return Buffer.concat(parts)
    },
    catch: (cause) => new SourceError({ reason: "unreachable", url: displayUrl(address), detail: String(cause) })
  }).pipe(
    Effect.timeoutFail({
      duration: patience,
      onTimeout: () =>
        new SourceError({ reason: "timeout", url: displayUrl(address), detail: `No picture within ${patience} ms` })
    })
  )

/** `x-snapshot://host:port/path`: a camera that has no stream and asks for no password; it is asked for a JPEG picture by HTTP five times a second. */
export const snapshotSource: SourceKind = {
  schemes: ["x-snapshot"],
  open: (config, sink) =>
    Effect.gen(function* () {
      const address = config.url.replace(/^x-snapshot:/i, "http:")
      const opened = now()
      let pictures = 0
      const deliver = (picture: Uint8Array) => {
        const received = now()
        pictures += 1
        void sink({
          track: 0,
          kind: "video",
          units: [picture],
          keyframe: true,
          damaged: false,
          mediaTime: mediaTime(Math.round((received - opened) * 1000)),
          wallTime: wallTime(Date.now()),
          wallClockOrigin: "receive",
          received
        })
      }
      deliver(yield* fetchPicture(address))
      const fetching = yield* fetchPicture(address).pipe(
        Effect.map(deliver),
        Effect.schedule(Schedule.fixed("200 millis")),
        Effect.forkScoped
      )
      return {
        description: { protocol: "HTTP snapshots", tracks: [{ kind: "video", codec: "mjpeg", parameterSets: [] }] },
        statistics: () => ({ ...emptyStatistics, accessUnits: pictures, keyframes: pictures }),
        ended: Effect.asVoid(Fiber.join(fetching))
      }
    })
}
